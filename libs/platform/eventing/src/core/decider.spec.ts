import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newUuid } from '#platform/kernel';
import { counted, counter, countUpTo, emptied, newCounter } from '../../testing/counter.js';
import { given } from '../../testing/given.js';
import { appendedOne, parseAppended } from '../store/append-sql.js';
import { fold, isDocumentDue } from './decider.js';
import { expectedNumber, streamId } from './stream-id.js';
import { eventIds, newCommandId, uuid5 } from './uuid5.js';

describe('a decider under test', () => {
  it('answers events, and the state they lead to', () => {
    given(counter, counted(1), counted(2)).when(countUpTo(4)).then(counted(1)).thenState({ total: 4, events: 3 });
    given(counter)
      .when(() => [])
      .then()
      .thenState(counter.initial);
  });

  it('refuses with a code', () => {
    given(counter, counted(4)).when(countUpTo(4)).thenRefused('test.full');
    expect(() => given(counter).when(countUpTo(4)).thenRefused('test.full')).toThrow('nothing was refused');
    expect(() => given(counter, counted(4)).when(countUpTo(4)).then(counted(1))).toThrow('The counter is full.');
  });

  it('answers commands, and is told the time and the version', () => {
    const now = new Date('2026-05-06T07:08:09.000Z');
    given(counter, counted(1))
      .when(
        (_, context) => ({
          events: [emptied(context.now.toISOString())],
          commands: [{ command: 'test.count', payload: { version: context.version } }],
        }),
        { now },
      )
      .then(emptied('2026-05-06T07:08:09.000Z'))
      .thenSends({ command: 'test.count', payload: { version: 1 } });
  });
});

describe('a fold', () => {
  it('gives the same from the middle as from the beginning', () => {
    const events = fc.array(fc.oneof(fc.nat({ max: 99 }).map(counted), fc.string().map(emptied)));
    fc.assert(
      fc.property(events, fc.nat(), (all, at) => {
        const cut = at % (all.length + 1);
        expect(fold(counter, all.slice(cut), fold(counter, all.slice(0, cut)))).toEqual(fold(counter, all));
      }),
    );
  });

  it('is kept when the version reaches or passes a multiple', () => {
    const due = (from: number, to: number, every?: number): boolean =>
      isDocumentDue({ schema: 1, ...(every ? { every } : {}) }, from, to);
    expect([due(0, 49), due(49, 50), due(48, 51), due(50, 99), due(0, 100)]).toEqual([false, true, true, false, true]);
    expect([due(0, 1, 1), due(1, 2, 1), due(2, 3, 3), due(3, 4, 3)]).toEqual([true, true, true, false]);
    expect(isDocumentDue(undefined, 0, 1_000)).toBe(false);
  });
});

describe('names', () => {
  it('of streams are checked', () => {
    const id = newUuid();
    expect(newCounter(id, id)).toEqual({ category: 'test.counter', tenantId: id, id });
    for (const category of ['', 'Test', 'test counter', 'test.'])
      expect(() => streamId(category, id, id)).toThrow('is no category');
    for (const wrong of ['', id.toUpperCase(), `${id}0`, id.replaceAll('-', '')]) {
      expect(() => streamId('test', id, wrong)).toThrow('UUIDs');
      expect(() => streamId('test', wrong, id)).toThrow('UUIDs');
    }
  });

  it('of versions become the numbers that PostgreSQL is told', () => {
    expect((['any', 'exists', 'none', 0, 7] as const).map(expectedNumber)).toEqual([null, -1, 0, 0, 7]);
    for (const wrong of [-1, 1.5, Number.NaN]) expect(() => expectedNumber(wrong)).toThrow(RangeError);
  });

  it('give UUIDs of version 5', () => {
    // RFC 9562, appendix A.4.
    expect(uuid5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe(
      '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    );
    const command = newUuid();
    expect(eventIds(command, 3)).toEqual(['0', '1', '2'].map((name) => uuid5(command, name)));
  });
});

describe('the id of a command that nobody names', () => {
  it('is a UUIDv7, and always another', () => {
    const ids = Array.from({ length: 1_000 }, newCommandId);
    expect(new Set(ids).size).toBe(1_000);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(newCommandId().replace('-', '').slice(0, 12), 16)).toBeCloseTo(Date.now(), -3);
  });
});

describe('what an append answers', () => {
  it('is read from the text of a composite', () => {
    expect(parseAppended('(5,12,13,f)')).toEqual({
      versions: [5],
      firstPosition: 12,
      lastPosition: 13,
      duplicate: false,
    });
    expect(parseAppended('({5},12,12,t)')).toMatchObject({ versions: [5], duplicate: true });
    expect(parseAppended('("{5,60}",12,13,t)')).toMatchObject({
      versions: [5, 60],
      firstPosition: 12,
      lastPosition: 13,
    });
    expect(parseAppended('(,,,f)')).toBeUndefined();
    expect(() => parseAppended('')).toThrow('an append answered');
  });

  it('is read from the position of one event', () => {
    expect(appendedOne(12, 5)).toEqual({ versions: [5], firstPosition: 12, lastPosition: 12, duplicate: false });
    expect(appendedOne(-12, 5)).toEqual({ versions: [5], firstPosition: 12, lastPosition: 12, duplicate: true });
    expect(appendedOne(null, 5)).toBeUndefined();
    for (const wrong of [undefined, 'none', 0]) expect(() => appendedOne(wrong, 5)).toThrow('an append answered');
  });
});
