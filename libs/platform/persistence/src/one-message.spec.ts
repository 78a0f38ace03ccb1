import { describe, expect, it } from '@jest/globals';
import { oneMessage, settingsSql } from './one-message.js';

describe('oneMessage', () => {
  it('begins, executes and commits', () => {
    const at = new Date('2026-11-20T10:00:00.000Z');
    expect(oneMessage(['begin read only'], { name: 'list', values: ['a', 1.5, true, null, at] }, ['commit'])).toBe(
      `begin read only;execute "list"('a','1.5','true',null,'2026-11-20T10:00:00.000Z');commit`,
    );
    expect(oneMessage(['begin', 'set local x=1'], { name: 'all', values: [] })).toBe(
      'begin;set local x=1;execute "all"',
    );
  });

  it.each(["'); drop table x; --", "\\'; select 1; --", 'a"b', "''"])('keeps %p inside its literal', (text) => {
    const message = oneMessage([], { name: 'list', values: [text] }) ?? '';
    const inside = message.slice('execute "list"('.length, -')'.length);
    expect(inside.replace(/^ ?E/, '')).toMatch(/^'(?:[^'\\]|''|\\\\)*'$/);
  });

  it.each([['a\0b'], [Number.NaN], [Number.POSITIVE_INFINITY], [['a']], [{ a: 1 }], [undefined], [Buffer.from('a')]])(
    'leaves %p to be bound',
    (value) => {
      expect(oneMessage([], { name: 'list', values: [value] })).toBeUndefined();
    },
  );

  it.each(["'); drop table x; --", "\\'; select 1; --", "''"])('keeps %p inside the literal of a setting', (text) => {
    const sql = settingsSql({ 'app.sought': text }) ?? '';
    expect(sql).toMatch(/^select set_config\('app\.sought', ?E?'(?:[^'\\]|''|\\\\)*',true\)$/);
  });

  it('leaves a setting with a NUL to be bound', () => {
    expect(settingsSql({ a: 'x', b: 'y\0' })).toBeUndefined();
  });

  it('quotes the name of the statement', () => {
    expect(oneMessage([], { name: 'x"; drop', values: [] })).toBe('execute "x""; drop"');
  });
});
