import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const UUID = '0190a5c4-3c00-7000-8000-00000000002a';
const INSTANT = '2026-01-31T12:00:00.000Z';
const TEXT = 'Wild Is the Wind, 1966';
/** Texts whose schema says less than their name. */
const BY_NAME = [
  [/currency$/i, 'EUR'],
  [/(At|Until)$/, INSTANT],
];

/**
 * Writes the release of every version of an event that has none yet: its JSON schema, and data as it may be written, once with
 * everything and once with what must be there. What is there is never touched.
 * @param {string} folder
 * @param {{ type: string, version: number, example?: object, schema: object }[]} events with their JSON schemas
 */
export function writeEventReleases(folder, events) {
  mkdirSync(folder, { recursive: true });
  for (const { type, version, example, schema } of events) {
    const path = join(folder, `${type}.${version}.json`);
    if (existsSync(path)) continue;
    const samples = [example ?? sampleOf(schema, true), sampleOf(schema, false)];
    const differing = JSON.stringify(samples[0]) === JSON.stringify(samples[1]) ? samples.slice(1) : samples;
    writeFileSync(path, `${JSON.stringify({ type, version, schema, samples: differing }, null, 2)}\n`);
  }
}

/** A value that a JSON schema takes. @param {boolean} whole with everything that may be absent or null */
function sampleOf(schema, whole, name = '') {
  if ('const' in schema) return schema.const;
  if (schema.enum) return schema.enum[0];
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return sampleOf(whole ? choices[0] : choices.at(-1), whole, name);
  if (Array.isArray(schema.type)) return sampleOf({ ...schema, type: schema.type.at(whole ? 0 : -1) }, whole, name);
  const make = MAKERS[schema.type];
  if (!make) throw new Error(`no sample is known for ${JSON.stringify(schema)}: give the event an example`);
  const hint = schema.type === 'string' && BY_NAME.find(([pattern]) => pattern.test(name));
  return hint ? hint[1] : make(schema, whole);
}

const MAKERS = {
  null: () => null,
  boolean: (_, whole) => whole,
  integer: numberOf,
  number: numberOf,
  string: ({ format, minLength = 0, maxLength = Infinity }) => {
    if (format === 'uuid' || (minLength === 36 && maxLength === 36)) return UUID;
    if (format === 'date-time') return INSTANT;
    return TEXT.slice(0, maxLength).padEnd(minLength, '.');
  },
  array: ({ items, minItems = 0 }, whole) =>
    Array.from({ length: Math.max(minItems, whole ? 1 : 0) }, () => sampleOf(items, whole)),
  object: ({ properties = {}, required = [] }, whole) =>
    Object.fromEntries(
      Object.entries(properties)
        .filter(([name]) => whole || required.includes(name))
        .map(([name, schema]) => [name, sampleOf(schema, whole, name)]),
    ),
};

function numberOf({ minimum, exclusiveMinimum, maximum = Infinity }, whole) {
  const least = exclusiveMinimum === undefined ? (minimum ?? 0) : exclusiveMinimum + 1;
  return Math.min(maximum, Math.max(least, whole ? 3 : 0));
}
