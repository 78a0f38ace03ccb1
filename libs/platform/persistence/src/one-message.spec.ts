import { describe, expect, it } from '@jest/globals';
import { oneMessage } from './one-message.js';

describe('oneMessage', () => {
  it('begins, executes and commits', () => {
    const at = new Date('2026-11-20T10:00:00.000Z');
    expect(oneMessage('begin read only', 'list', ['a', 1.5, true, null, at])).toBe(
      `begin read only;execute "list"('a','1.5','true',null,'2026-11-20T10:00:00.000Z');commit`,
    );
    expect(oneMessage('begin', 'all', [])).toBe('begin;execute "all";commit');
  });

  it.each(["'); drop table x; --", "\\'; select 1; --", 'a"b', "''"])('keeps %p inside its literal', (text) => {
    const message = oneMessage('begin', 'list', [text]) ?? '';
    const inside = message.slice('begin;execute "list"('.length, -');commit'.length);
    expect(inside.replace(/^ ?E/, '')).toMatch(/^'(?:[^'\\]|''|\\\\)*'$/);
  });

  it.each([['a\0b'], [Number.NaN], [Number.POSITIVE_INFINITY]])('leaves %p to be bound', (value) => {
    expect(oneMessage('begin', 'list', [value])).toBeUndefined();
  });

  it('quotes the name of the statement', () => {
    expect(oneMessage('begin', 'x"; drop', [])).toBe('begin;execute "x""; drop";commit');
  });
});
