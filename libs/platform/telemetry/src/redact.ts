import { isNativeError } from 'node:util/types';

/** What stands in place of a secret. */
const REDACTED = '[redacted]';
/** Longer texts are cut: a line must stay small enough for log collectors (16 KiB in Docker's). */
const MAX_TEXT = 8_192;
const MAX_DEPTH = 6;
const MAX_MEMBERS = 100;

/** Names of members whose values are never logged, whatever they hold. */
const SECRET_NAME =
  /pass(?:word|wd|phrase)|^pass$|pwd|secret|token|authorization|cookie|credential|key$|^pan$|card_?number|^cv[cv]2?$/i;
/** One cheap look that tells nearly all texts clean (0.3 us for 100 characters); only then do the rules run. */
const SUSPECT =
  /[sr]k_|op_|whsec_|eyJ|bearer|basic|pass|pwd|secret|token|authorization|cookie|credential|key|:\/\/|-----BEGIN|\d{13}|\d{4}[ .-]\d{4}|[\x7f-\x9f\u2028-\u202e\u2066-\u2069]/i;

type Rule = readonly [pattern: RegExp, replacement: (match: string, ...groups: string[]) => string];

const NAMED_VALUE =
  /((?:pass(?:word|wd|phrase)?|pwd|secret|token|credential|key)[\w-]{0,20}\\{0,3}["']?\s{0,4}(?:[:=]|%3[ad])\s{0,4})(?:\\{0,3}"[^"\\]*(?:\\.[^"\\]*)*"?|'[^']*'?|[^\s,;&"'}\])]+)/gi;
const LONG_NUMBER = /(?<!\d)(?:\d{13,19}|\d{4}([ .-])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ .-])\d{6}\2\d{4,5})(?!\d)/g;

const hide = (): string => REDACTED;
const hideAfter = (_match: string, kept?: string): string => `${kept}${REDACTED}`;

/** No rule may backtrack over a long text: repeats are bounded or end at a character that the next part cannot be. */
const RULES: readonly Rule[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, hide],
  [/(?:[sr]k_(?:live|test)|whsec)_[\w+/=-]+/g, hide],
  [/(?<![a-z])op_[\w-]{12,}/gi, hide],
  [/eyJ[\w-]{4,1000}\.[\w-]+(?:\.[\w-]*)?/g, hide],
  [/(:\/\/)[^\s/]*(@)/g, (_, start, end) => `${start}${REDACTED}${end}`],
  [/(\b(?:authorization|cookie)\\{0,3}["']?\s{0,4}(?:[:=]|%3[ad])\s{0,4}\\{0,3}["']?)[^\r\n"'\\]+/gi, hideAfter],
  [/(\b(?:bearer|basic)\s{1,4})[\w.~+/=-]{6,}/gi, hideAfter],
  [NAMED_VALUE, hideAfter],
  [LONG_NUMBER, (match) => (isPaymentNumber(match) ? REDACTED : match)],
  [/[\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`],
];

/**
 * A copy of anything that is safe to log: values under secret names, credentials, tokens, payment numbers (Luhn) and
 * passwords inside texts are replaced; cycles, depth and size are cut; errors keep type, code, message and stack.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'number') return value >= 1e12 && isPaymentNumber(String(value)) ? REDACTED : value;
  if (typeof value === 'bigint') return redactText(value.toString());
  if (typeof value === 'object' && value !== null) {
    try {
      return depth >= MAX_DEPTH ? '[deeper]' : redactObject(value, depth + 1);
    } catch {
      return '[unreadable]';
    }
  }
  return typeof value === 'boolean' || value === null ? value : undefined;
}

/** The text without secrets, without characters that some readers take for a line's end, at most 8,192 characters. */
export function redactText(text: string): string {
  const short = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}[cut]` : text;
  return SUSPECT.test(short) ? RULES.reduce((clean, rule) => clean.replace(...rule), short) : short;
}

/** Whether digits, separators aside, look like a payment number: length, first digit of a card scheme, Luhn check digit. */
export function isPaymentNumber(text: string): boolean {
  const digits = text.replace(/[ .-]/g, '');
  if (!/^(?:4\d{12}|[2-6]\d{13,18})$/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

function redactObject(value: object, depth: number): unknown {
  if (isNativeError(value)) {
    const { name: type, message, stack, cause, code }: Error & { code?: unknown } = value;
    return redactObject({ type, code, message, stack, cause }, depth);
  }
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, MAX_MEMBERS).map((item) => redact(item, depth));
  if ('toJSON' in value && typeof value.toJSON === 'function') return redact(value.toJSON(), depth);
  const copy: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value).slice(0, MAX_MEMBERS)) {
    if (name !== '__proto__') copy[redactText(name)] = SECRET_NAME.test(name) ? REDACTED : redact(member, depth);
  }
  return copy;
}
