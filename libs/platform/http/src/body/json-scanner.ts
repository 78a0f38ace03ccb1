import { type DomainError } from '#platform/kernel';
import { httpErrors } from '../http.errors.js';
import { JsonFrame } from './json-frame.js';
import { changesWhenRead } from './json-number.js';
import { placeIn, pointerTo } from './json-place.js';

/** What one body may hold. */
export interface JsonLimits {
  /** Levels of objects and arrays. */
  readonly maxDepth: number;
  /** Members of one object. */
  readonly maxMembers: number;
  /** Values of the whole body: members and elements together. */
  readonly maxValues: number;
}

/** 100,000 values: a bulk body of 1,000 things with 100 values each. The other two are those of hostile check H3. */
export const DEFAULT_JSON_LIMITS: JsonLimits = { maxDepth: 32, maxMembers: 1_000, maxValues: 100_000 };

const TAB = 0x09;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** The value of each ASCII character as a hexadecimal digit. */
const NO_DIGIT = 0xff;
const HEX_DIGIT = Uint8Array.from({ length: 128 }, (_, code) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase());
  return digit === -1 ? NO_DIGIT : digit;
});

/** Whole numbers of up to 15 digits are always safe; longer ones are looked at more closely. */
const SAFE_DIGITS = 15;

/** Reads strict JSON: `JSON.parse` behind a scan that refuses what must not get in (see `scanJson`). */
export function parseStrictJson(text: string, limits?: JsonLimits): unknown {
  scanJson(text, limits);
  return JSON.parse(text);
}

/**
 * Checks in one pass, without recursion, that a text is RFC 8259 JSON and nothing that JSON.parse would change or hide.
 * Refusals name line and column and, where there is one, the pointer of the value; they never repeat the input. A text that is
 * malformed is called malformed, whatever else is wrong with it, unless a limit ends the scan first.
 * @throws http.malformed_json, http.json_too_complex, http.duplicate_member (names compared after unescaping),
 * http.forbidden_member, http.unsafe_number, http.unsafe_text (only \t, \n and \r may be written as escapes)
 */
export function scanJson(text: string, limits: JsonLimits = DEFAULT_JSON_LIMITS): void {
  new JsonScanner(text, limits).scan();
}

class JsonScanner {
  private at = 0;
  private depth = 0;
  private values = 0;
  private refusal: DomainError | undefined;
  private readonly frames: JsonFrame[] = [];

  constructor(
    private readonly text: string,
    private readonly limits: JsonLimits,
  ) {}

  scan(): void {
    this.skipBlanks();
    this.readValue();
    for (let frame = this.frames[0]; frame && this.depth > 0; frame = this.frames[this.depth - 1]) this.advance(frame);
    this.skipBlanks();
    if (this.at < this.text.length) throw this.malformed(this.at);
    if (!this.text.isWellFormed()) {
      this.refuse('unsafe_text', 'half a surrogate pair', this.text.search(/\p{Surrogate}/u));
    }
    if (this.refusal) throw this.refusal;
  }

  /** One step inside the innermost frame: closes it, or reads its next member or element. */
  private advance(frame: JsonFrame): void {
    this.skipBlanks();
    const code = this.text.charCodeAt(this.at);
    if (code === (frame.isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) {
      this.at++;
      this.depth--;
      return;
    }
    if (frame.count > 0) {
      if (code !== COMMA) throw this.malformed(this.at);
      this.at++;
      this.skipBlanks();
    }
    frame.count++;
    if (++this.values > this.limits.maxValues) throw this.tooComplex(`${this.limits.maxValues} values`);
    if (frame.isObject) this.readName(frame);
    this.readValue();
  }

  private readName(frame: JsonFrame): void {
    const start = this.at;
    frame.name = undefined;
    if (frame.count > this.limits.maxMembers) throw this.tooComplex(`${this.limits.maxMembers} members in one object`);
    if (this.text.charCodeAt(start) !== QUOTE) throw this.malformed(start);
    const escaped = this.skipString();
    const name = escaped
      ? (JSON.parse(this.text.slice(start, this.at)) as string)
      : this.text.slice(start + 1, this.at - 1);
    const isNew = frame.claim(name);
    frame.name = name;
    if (!isNew) this.refuse('duplicate_member', 'a member that the object already has', start);
    if (name === '__proto__' || name === 'constructor' || name === 'prototype') {
      this.refuse('forbidden_member', 'a member with a name that no operation takes', start);
    }
    this.skipBlanks();
    if (this.text.charCodeAt(this.at) !== COLON) throw this.malformed(this.at);
    this.at++;
    this.skipBlanks();
  }

  private readValue(): void {
    const code = this.text.charCodeAt(this.at);
    if (code === QUOTE) this.skipString();
    else if (code === OPEN_OBJECT || code === OPEN_ARRAY) this.open(code === OPEN_OBJECT);
    else if (code === MINUS || (code >= ZERO && code <= NINE)) this.skipNumber();
    else this.skipWord();
  }

  private open(isObject: boolean): void {
    if (this.depth === this.limits.maxDepth) throw this.tooComplex(`${this.limits.maxDepth} levels`);
    const frame = (this.frames[this.depth++] ??= new JsonFrame());
    frame.open(isObject);
    this.at++;
  }

  private skipWord(): void {
    const word = ['true', 'false', 'null'].find((candidate) => this.text.startsWith(candidate, this.at));
    if (word === undefined) throw this.malformed(this.at);
    this.at += word.length;
  }

  /** Steps over a string. @returns whether it has escapes */
  private skipString(): boolean {
    const { text } = this;
    let at = this.at + 1;
    let escaped = false;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code > BACKSLASH || (code >= SPACE && code !== QUOTE && code !== BACKSLASH)) at++;
      else if (code === QUOTE) break;
      else if (code !== BACKSLASH) throw this.malformed(at);
      else {
        at = this.skipEscape(at);
        escaped = true;
      }
    }
    this.at = at + 1;
    return escaped;
  }

  /** Steps over the escape at `at`. @returns where it ends */
  private skipEscape(at: number): number {
    const letter = this.text.charAt(at + 1);
    if (letter === 'u') return this.skipUnicodeEscape(at);
    if (letter === 'b' || letter === 'f') this.refuse('unsafe_text', 'a control character', at);
    else if (letter === '' || !'"\\/nrt'.includes(letter)) throw this.malformed(at);
    return at + 2;
  }

  private skipUnicodeEscape(at: number): number {
    const unit = this.hexUnit(at);
    if (unit < SPACE && unit !== TAB && unit !== LINE_FEED && unit !== RETURN) {
      this.refuse('unsafe_text', 'a control character', at);
    }
    if (unit < 0xd800 || unit > 0xdfff) return at + 6;
    const paired = unit < 0xdc00 && this.text.startsWith('\\u', at + 6);
    if (paired && this.hexUnit(at + 6) >> 10 === 0xdc00 >> 10) return at + 12;
    this.refuse('unsafe_text', 'half a surrogate pair', at);
    return at + 6;
  }

  /** The code unit of the \uXXXX at `at`. */
  private hexUnit(at: number): number {
    let unit = 0;
    for (let i = at + 2; i < at + 6; i++) {
      const digit = HEX_DIGIT[this.text.charCodeAt(i)] ?? NO_DIGIT;
      if (digit === NO_DIGIT) throw this.malformed(at);
      unit = unit * 16 + digit;
    }
    return unit;
  }

  private skipNumber(): void {
    const { text } = this;
    const start = this.at;
    const negative = text.charCodeAt(start) === MINUS;
    const first = negative ? start + 1 : start;
    const isZero = text.charCodeAt(first) === ZERO;
    let at = isZero ? first + 1 : this.skipDigits(first);
    let plain = at - first <= SAFE_DIGITS && !(negative && isZero);
    if (text.charCodeAt(at) === DOT) {
      at = this.skipDigits(at + 1);
      plain = false;
    }
    if ((text.charCodeAt(at) | 0x20) === 0x65) {
      const sign = text.charAt(at + 1);
      at = this.skipDigits(sign === '+' || sign === '-' ? at + 2 : at + 1);
      plain = false;
    }
    if (!plain && changesWhenRead(text.slice(start, at))) {
      this.refuse('unsafe_number', 'a number that cannot be kept exactly', start);
    }
    this.at = at;
  }

  /** Steps over at least one digit. */
  private skipDigits(from: number): number {
    let at = from;
    for (let code = this.text.charCodeAt(at); code >= ZERO && code <= NINE; code = this.text.charCodeAt(at)) at++;
    if (at === from) throw this.malformed(at);
    return at;
  }

  private skipBlanks(): void {
    let code = this.text.charCodeAt(this.at);
    while (code === SPACE || code === LINE_FEED || code === RETURN || code === TAB) {
      code = this.text.charCodeAt(++this.at);
    }
  }

  private malformed(at: number): DomainError {
    const what = at < this.text.length ? 'an unexpected character' : 'an unexpected end';
    return httpErrors.malformed_json(`The body has ${what} at ${placeIn(this.text, at)}.`);
  }

  private tooComplex(limit: string): DomainError {
    return httpErrors.json_too_complex(`The body has more than ${limit} at ${placeIn(this.text, this.at)}.`);
  }

  /** Keeps the first refusal for the end: of a text that is malformed as well, the answer is that it is malformed. */
  private refuse(
    code: 'duplicate_member' | 'forbidden_member' | 'unsafe_number' | 'unsafe_text',
    what: string,
    at: number,
  ): void {
    if (this.refusal) return;
    const path = this.frames.slice(0, this.depth).map((frame) => (frame.isObject ? frame.name : frame.count - 1));
    const errors = [{ pointer: pointerTo(path), code, message: `This is ${what}.` }];
    this.refusal = httpErrors[code](`The body has ${what} at ${placeIn(this.text, at)}.`, { errors });
  }
}
