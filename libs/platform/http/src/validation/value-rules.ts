import { formatId, ID_PREFIXES, type IdKind, parseId } from '#platform/kernel';
import type { DtoClass, Refusal, ValueRule } from './field-rule.js';

/** Bounds of a number or of a text's length in code points, both included. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** Bounds of a text: `min` is 1 for one line and 0 for a note. */
export type TextBounds = Partial<Bounds> & Pick<Bounds, 'max'>;

/** A rule with one reason to refuse, which is also its name. */
function simpleRule(
  name: string,
  must: string,
  accepts: (value: unknown) => boolean,
  others: Omit<ValueRule, 'name' | 'refuse'>,
): ValueRule {
  const refusal = { code: name, message: `must be ${must}` };
  return { name, refuse: (value) => (accepts(value) ? undefined : refusal), ...others };
}

/** A whole number within bounds; a numeric string, a fraction, -0 and anything beyond the safe integers is refused. */
export function wholeNumberRule({ min, max }: Bounds): ValueRule {
  const accepts = (value: unknown): boolean =>
    Number.isSafeInteger(value) && !Object.is(value, -0) && Number(value) >= min && Number(value) <= max;
  return simpleRule('whole_number', `a whole number from ${min} to ${max}`, accepts, {
    fromText: (text) => (/^-?(?:0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : text),
    schema: { type: 'integer', format: 'int64', minimum: min, maximum: max },
  });
}

/** `true` or `false`. */
export function flagRule(): ValueRule {
  return simpleRule('flag', 'true or false', (value) => typeof value === 'boolean', {
    fromText: (text) => (text === 'true' ? true : text === 'false' ? false : text),
    schema: { type: 'boolean' },
  });
}

/** One line of plain text, kept as sent: no control, line-separating or bidirectional formatting characters; not only blanks. */
export function textRule({ min = 1, max }: TextBounds): ValueRule {
  return charactersRule('text', { min, max }, /[\p{Cc}\u2028\u2029\p{Bidi_Control}]/u);
}

/** Text of several lines, kept as sent: tabs, line ends and bidirectional formatting are welcome, other controls are not. */
export function noteRule({ min = 0, max }: TextBounds): ValueRule {
  return charactersRule('note', { min, max }, /(?![\t\n\r])\p{Cc}/u);
}

function charactersRule(name: string, { min, max }: Bounds, forbidden: RegExp): ValueRule {
  const refuse = (value: unknown): Refusal | undefined => {
    if (!isOfLength(value, min, max)) return { code: name, message: `must be a text of ${min} to ${max} characters` };
    if (!value.isWellFormed() || forbidden.test(value)) {
      return { code: `${name}_characters`, message: 'must not contain control or formatting characters' };
    }
    return min > 0 && value.trim() === '' ? { code: `${name}_blank`, message: 'must not be blank' } : undefined;
  };
  return { name, refuse, schema: { type: 'string', minLength: min, maxLength: max } };
}

/** A text has at most two code units per code point: long input is refused before it is looked at. */
function isOfLength(value: unknown, min: number, max: number): value is string {
  if (typeof value !== 'string' || value.length > 2 * max) return false;
  const count = value.length <= max && value.length >= 2 * min ? value.length : [...value].length;
  return count >= min && count <= max;
}

/** A typed id of one kind. The handler gets the UUID. */
export function idRule(kind: IdKind): ValueRule {
  const prefix = ID_PREFIXES[kind];
  const example = formatId(kind, '0190a5c4-3c00-7000-8000-00000000002a');
  const accepts = (value: unknown): boolean => typeof value === 'string' && parseId(kind, value) !== undefined;
  return simpleRule('id', `an id that starts with ${prefix}_`, accepts, {
    decode: (value) => parseId(kind, String(value)),
    schema: { type: 'string', pattern: `^${prefix}_[0-7][0-9a-hjkmnp-tv-z]{25}$`, example },
  });
}

/** One of some words. */
export function oneOfRule(words: readonly string[]): ValueRule {
  const allowed = new Set<unknown>(words);
  const must = words.length <= 12 ? `one of ${words.join(', ')}` : 'one of the values in the API document';
  return simpleRule('one_of', must, (value) => allowed.has(value), { schema: { type: 'string', enum: [...words] } });
}

/** An instant in RFC 3339, in UTC with `Z`, to the millisecond at most, on a day that exists; kept as sent. */
export function instantRule(): ValueRule {
  const example = '2026-01-31T12:00:00.000Z';
  const schema = { type: 'string', format: 'date-time', example } as const;
  return simpleRule('instant', `an instant in UTC such as ${example}`, isInstant, { schema });
}

const INSTANT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,3}))?Z$/;

function isInstant(value: unknown): boolean {
  const [, seconds, fraction = ''] = (typeof value === 'string' && INSTANT.exec(value)) || [];
  if (seconds === undefined || seconds.startsWith('0000')) return false;
  const date = new Date(String(value));
  return !Number.isNaN(date.getTime()) && date.toISOString() === `${seconds}.${fraction.padEnd(3, '0')}Z`;
}

/** An object whose members a class describes. */
export function objectRule(nested: () => DtoClass): ValueRule {
  return simpleRule('object', 'an object', isPlainObject, { nested, schema: {} });
}

/** Whether a value is what a JSON object becomes: no list, no null. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
