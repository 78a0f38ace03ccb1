import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock, newUuid } from '#platform/kernel';
import { CursorCodec, type CursorPosition, type CursorScope } from './cursor.js';

const scope: CursorScope = { tenantId: newUuid(), list: 'releases by -createdAt' };
const position: CursorPosition = { way: 'next', keys: ['2026-01-01 00:00:00.123456+00', newUuid()] };
const invalid = expect.objectContaining({ code: 'http.invalid_cursor' });

describe('a cursor', () => {
  const codec = new CursorCodec('a secret');

  it('gives back the place it was made of', () => {
    const positions = fc.record({
      way: fc.constantFrom<CursorPosition['way']>('next', 'prev'),
      keys: fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 4 }),
    });
    fc.assert(fc.property(positions, (any) => expect(codec.decode(scope, codec.encode(scope, any))).toEqual(any)));
  });

  it('fits a URL and does not show its place', () => {
    const cursor = codec.encode(scope, position);
    expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(cursor).not.toContain(position.keys[1] ?? '');
  });

  it.each([
    ['another tenant', { ...scope, tenantId: newUuid() }],
    ['another list', { ...scope, list: 'releases by name' }],
  ])('is refused for %s', (_what, other) => {
    const cursor = codec.encode(scope, position);
    expect(() => codec.decode(other, cursor)).toThrow(invalid);
  });

  it('is refused under another secret', () => {
    expect(() => new CursorCodec('b secret').decode(scope, codec.encode(scope, position))).toThrow(invalid);
  });

  it('lasts for ever where the list only grows, and only there', () => {
    const clock = new ManualClock();
    const timed = new CursorCodec('a secret', clock);
    const lasting = { ...scope, lasting: true };
    const cursor = timed.encode(lasting, position);
    clock.advance(366 * 24 * 3_600_000);
    expect(timed.decode(lasting, cursor)).toEqual(position);
    expect(() => timed.decode(scope, cursor)).toThrow(invalid);
  });

  it('lasts 24 hours', () => {
    const clock = new ManualClock();
    const timed = new CursorCodec('a secret', clock);
    const cursor = timed.encode(scope, position);
    clock.advance(24 * 3_600_000);
    expect(timed.decode(scope, cursor)).toEqual(position);
    clock.advance(1);
    expect(() => timed.decode(scope, cursor)).toThrow(invalid);
  });

  it('is refused with any letter changed, added or taken away', () => {
    const cursor = codec.encode(scope, position);
    const letters = fc.constantFrom(...'AZaz09-_ =+/.\u0000é');
    fc.assert(
      fc.property(fc.nat(cursor.length), letters, fc.constantFrom(0, 1), (at, letter, removed) => {
        const altered = cursor.slice(0, at) + letter + cursor.slice(at + removed);
        fc.pre(altered !== cursor);
        expect(() => codec.decode(scope, altered)).toThrow(invalid);
      }),
    );
    for (let end = 0; end < cursor.length; end++) {
      expect(() => codec.decode(scope, cursor.slice(0, end))).toThrow(invalid);
    }
  });

  it('is refused when it is any text', () => {
    fc.assert(fc.property(fc.string(), (text) => expect(() => codec.decode(scope, text)).toThrow(invalid)));
  });
});
