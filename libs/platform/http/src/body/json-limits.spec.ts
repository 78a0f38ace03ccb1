import { describe, expect, it } from '@jest/globals';
import { codeOf, refusalOf } from '../../testing/json-refusals.js';

class CountedText extends String {
  looks = 0;

  override charCodeAt(index: number): number {
    this.looks++;
    return super.charCodeAt(index);
  }

  override charAt(index: number): string {
    this.looks++;
    return super.charAt(index);
  }

  override startsWith(term: string, at: number): boolean {
    this.looks += term.length;
    return super.startsWith(term, at);
  }

  override slice(from: number, to = this.length): string {
    this.looks += to - from;
    return super.slice(from, to);
  }

  override isWellFormed(): boolean {
    this.looks += this.length;
    return super.isWellFormed();
  }

  override search(term: RegExp): number {
    this.looks += this.length;
    return super.search(term);
  }
}

/** How many characters a scan looks at, all its looks at the same one counted. */
function looksAt(text: string): number {
  const counted = new CountedText(text);
  refusalOf(counted as unknown as string);
  return counted.looks;
}

describe('limits', () => {
  it('are 32 levels', () => {
    expect(codeOf('['.repeat(32) + ']'.repeat(32))).toBeUndefined();
    expect(codeOf('['.repeat(33) + ']'.repeat(33))).toBe('http.json_too_complex');
  });

  it('are 1,000 members in one object', () => {
    const object = (size: number) => `{${Array.from({ length: size }, (_, index) => `"k${index}":0`).join(',')}}`;
    expect(codeOf(object(1_000))).toBeUndefined();
    expect(codeOf(object(1_001))).toBe('http.json_too_complex');
  });

  it('are 100,000 values in all', () => {
    const list = (size: number) => `[${'0,'.repeat(size - 1)}0]`;
    expect(codeOf(list(100_000))).toBeUndefined();
    expect(codeOf(list(100_001))).toBe('http.json_too_complex');
  });

  it('can be set', () => {
    expect(refusalOf('{"a":1,"b":2}', { maxDepth: 1, maxMembers: 1, maxValues: 9 })?.message).toContain('1 members');
  });

  const wide = (members: number) => `{${Array.from({ length: members }, (_, index) => `"k${index}":1`).join(',')}`;

  it.each([
    ['levels', '['.repeat(33), '['.repeat(20_000) + ']'.repeat(20_000)],
    ['members', wide(1_001), wide(100_000)],
    ['values', '[' + '0,'.repeat(100_001), '[' + '0,'.repeat(500_000)],
  ])('of %s end the scan where they are passed: nothing behind is looked at', (_, upToThere, whole) => {
    expect([codeOf(upToThere), codeOf(whole)]).toEqual(['http.json_too_complex', 'http.json_too_complex']);
    expect(looksAt(whole)).toBe(looksAt(upToThere));
  });

  it.each([
    ['escapes', `{"name":"${'\\u0041'.repeat(170_000)}"}`],
    ['halves of surrogate pairs', `{"name":"${'\\ud83d'.repeat(170_000)}"}`],
    ['digits', `{"name":${'9'.repeat(1_000_000)}}`],
    ['blanks', ' '.repeat(1_000_000)],
    ['quotes', '"'.repeat(1_000_000)],
    ['lines', '\n'.repeat(1_000_000)],
    ['short texts', `[${'"",'.repeat(90_000)}""]`],
    ['members in members', `[${`${'{"a":'.repeat(30)}1${'}'.repeat(30)},`.repeat(3_000)}1]`],
  ])('leave 1 MB of %s to a scan that looks at no character more than four times', (_, text) => {
    expect(looksAt(text)).toBeLessThanOrEqual(4 * text.length);
  });
});
