import { type ApiDocument, nameOf, type Schema } from '../../../apps/api/src/openapi/model.js';
import { resolved } from './documents.js';

/** Which way a value goes: what we take must not shrink, what we answer must not grow or lose anything. */
export type Direction = 'request' | 'answer';

/** Two versions of the contract. */
export interface Versions {
  readonly released: ApiDocument;
  readonly current: ApiDocument;
}

/** Bounds of what we take: the sign says which way narrows. */
const BOUNDS: Readonly<Record<string, 1 | -1>> = {
  minimum: 1,
  minLength: 1,
  minItems: 1,
  maximum: -1,
  maxLength: -1,
  maxItems: -1,
};

/**
 * Every change of a schema that breaks callers, as `<where> <what>`. What is wrong with a shared schema is said once, under its
 * own name, however many operations it breaks.
 */
export function schemaBreaks(
  versions: Versions,
  direction: Direction,
  [released, current]: readonly [Schema, Schema],
  place: string,
  seen: ReadonlySet<string> = new Set(),
): string[] {
  const at = released.$ref && current.$ref ? `${direction} ${nameOf(released)}` : place;
  const pair = `${released.$ref ?? ''} ${current.$ref ?? ''}`;
  if (pair !== ' ' && seen.has(pair)) return [];
  const inside = new Set([...seen, pair]);
  const before = resolved<Schema>(versions.released, released);
  const after = resolved<Schema>(versions.current, current);
  const deeper = (a: Schema, b: Schema, where: string): string[] =>
    schemaBreaks(versions, direction, [a, b], where, inside);
  return [
    ...typeBreaks(before, after, direction).map((what) => `${at} ${what}`),
    ...enumBreaks(before, after, direction).map((what) => `${at} ${what}`),
    ...(direction === 'request' ? narrowings(before, after).map((what) => `${at} ${what}`) : []),
    ...memberBreaks(before, after, direction).map((what) => `${at}${what}`),
    ...sharedMembers(before, after).flatMap(([name, a, b]) => deeper(a, b, `${at}.${name}`)),
    ...(before.items && after.items ? deeper(before.items, after.items, `${at}[]`) : []),
    ...alternativeBreaks(before, after, direction, at, deeper),
  ];
}

const kindsOf = ({ type }: Schema): string[] => [type ?? []].flat().sort();

function typeBreaks(before: Schema, after: Schema, direction: Direction): string[] {
  const [wide, narrow] = direction === 'request' ? [after, before] : [before, after];
  const lost = kindsOf(narrow).filter((kind) => !kindsOf(wide).includes(kind));
  const isSameShape = lost.length === 0 && (before.type === undefined) === (after.type === undefined);
  const types = isSameShape ? [] : [`type changed from ${kindsOf(before).join('|')} to ${kindsOf(after).join('|')}`];
  const isSameFormat = before.format === after.format || (direction === 'request' && after.format === undefined);
  return isSameFormat
    ? types
    : [...types, `format changed from ${before.format ?? 'none'} to ${after.format ?? 'none'}`];
}

/** A new word in an answer breaks nobody: callers are told to expect them. A word that is gone may be waited for. */
function enumBreaks(before: Schema, after: Schema, direction: Direction): string[] {
  if (!before.enum) return after.enum && direction === 'request' ? ['values limited to a list'] : [];
  if (!after.enum) return direction === 'answer' ? ['values no longer limited to a list'] : [];
  const kept = new Set(after.enum);
  return before.enum.filter((value) => !kept.has(value)).map((value) => `value ${String(value)} removed`);
}

function narrowings(before: Schema, after: Schema): string[] {
  const bounds = Object.entries(BOUNDS).flatMap(([name, sign]) => {
    const [old, now] = [before[name], after[name]] as [number | undefined, number | undefined];
    const isNew = sign < 0 || name === 'minimum' || Number(now) > 0;
    const isNarrower = now !== undefined && (old === undefined ? isNew : sign * now > sign * old);
    return isNarrower ? [`${name} changed from ${old ?? 'none'} to ${now}`] : [];
  });
  const pattern = after['pattern'];
  const isStricter = pattern !== undefined && pattern !== before['pattern'];
  return isStricter ? [...bounds, `pattern changed to ${String(pattern)}`] : bounds;
}

function memberBreaks(before: Schema, after: Schema, direction: Direction): string[] {
  const [old, now] = [before.properties ?? {}, after.properties ?? {}];
  const isRequired = (schema: Schema, name: string): boolean => !!schema.required?.includes(name);
  const gone = Object.keys(old).filter((name) => !(name in now));
  const changed =
    direction === 'request'
      ? Object.keys(now).filter((name) => isRequired(after, name) && !isRequired(before, name))
      : Object.keys(old).filter((name) => name in now && isRequired(before, name) && !isRequired(after, name));
  const word = direction === 'request' ? 'became required' : 'may be missing now';
  const closed =
    direction === 'request' && before.additionalProperties !== false && after.additionalProperties === false;
  return [
    ...gone.map((name) => `.${name} removed`),
    ...changed.map((name) => `.${name} ${word}`),
    ...(closed && before.type !== undefined ? [' refuses unknown members now'] : []),
  ];
}

function sharedMembers(before: Schema, after: Schema): [string, Schema, Schema][] {
  return Object.entries(before.properties ?? {}).flatMap(([name, schema]): [string, Schema, Schema][] => {
    const other = after.properties?.[name];
    return other ? [[name, schema, other]] : [];
  });
}

/** Alternatives are told apart by what they point to or by their type. */
function alternativeBreaks(
  before: Schema,
  after: Schema,
  direction: Direction,
  at: string,
  deeper: (a: Schema, b: Schema, at: string) => string[],
): string[] {
  const byName = (schema: Schema): Map<string, Schema> =>
    new Map((schema.anyOf ?? []).map((option) => [option.$ref ?? kindsOf(option).join('|'), option]));
  const [old, now] = [byName(before), byName(after)];
  if (old.size === 0 && now.size === 0) return [];
  const [must, may] = direction === 'request' ? [old, now] : [now, old];
  const lost = [...must.keys()].filter((name) => !may.has(name));
  return [
    ...lost.map((name) => `${at} alternative ${name} ${direction === 'request' ? 'removed' : 'added'}`),
    ...[...old].flatMap(([name, option]) => {
      const other = now.get(name);
      return other ? deeper(option, other, at) : [];
    }),
  ];
}
