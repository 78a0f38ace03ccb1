import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { counterEvents, emptied } from '../../testing/counter.js';
import { defineEvents, EventRegistry, eventTypes, UnreadableEvent } from './event-registry.js';

type Renamed = { readonly type: 'test.renamed'; readonly data: { readonly first: string; readonly last: string } };

/** Three versions: a name, then first name and rest, then first and last. */
function renamed(): EventRegistry {
  const registry = new EventRegistry();
  registry.define<Renamed>({
    'test.renamed': {
      version: 3,
      schema: z.strictObject({ first: z.string(), last: z.string() }),
      upcast: {
        1: ({ name }) => ({
          first: String(name).split(' ')[0] ?? '',
          rest: String(name).split(' ').slice(1).join(' '),
        }),
        2: ({ first, rest }) => ({ first, last: rest }),
      },
    },
  });
  return registry;
}

describe('the registry of events', () => {
  it('says under which version an event is written, if it is what its schema says', () => {
    expect(counterEvents().check(emptied('full'))).toBe(2);
    expect(() => counterEvents().check({ type: 'test.emptied', data: {} })).toThrow('does not match its schema');
    expect(() => counterEvents().check({ type: 'test.other', data: {} })).toThrow('not defined');
  });

  it('brings an event of any version up to date, step by step', () => {
    const current = { type: 'test.renamed', data: { first: 'Ella', last: 'Fitzgerald Jane' } };
    expect(renamed().read('test.renamed', 1, { name: 'Ella Fitzgerald Jane' })).toEqual(current);
    expect(renamed().read('test.renamed', 2, { first: 'Ella', rest: 'Fitzgerald Jane' })).toEqual(current);
    expect(renamed().read('test.renamed', 3, current.data)).toEqual(current);
  });

  it('leaves what is stored as it is, and always gives the same', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (first, last) => {
        const stored = Object.freeze({ name: `${first} ${last}` });
        const [one, two] = [renamed().read('test.renamed', 1, stored), renamed().read('test.renamed', 1, stored)];
        expect(one).toEqual(two);
        expect(renamed().check(one)).toBe(3);
      }),
    );
  });

  it('does not read a type or a version that it does not know', () => {
    expect(() => renamed().read('test.unknown', 1, {})).toThrow(UnreadableEvent);
    expect(() => renamed().read('test.renamed', 4, {})).toThrow(/newer than this build/);
  });

  it('refuses a name that is taken or malformed, and a version without its upcasters', () => {
    const spec = { version: 1, schema: z.object({}) };
    const registry = counterEvents();
    expect(() => registry.define({ 'test.counted': spec })).toThrow('defined twice');
    for (const type of ['counted', 'Test.counted', 'test.', 'test.was_counted', 'test.a,b', 'test.counted.v']) {
      expect(() => registry.define({ [type]: spec })).toThrow('no name for an event');
    }
    expect(() =>
      registry.define({ 'test.third': { version: 3, schema: z.object({}), upcast: { 1: (data) => data } } }),
    ).toThrow('lacks the upcaster of version 2');
    registry.define({ 'catalog.release-changed.v1': spec });
    expect(registry.all().map(({ type }) => type)).toContain('catalog.release-changed.v1');
  });

  it('is one for the whole build', () => {
    defineEvents<{ type: 'test.shared'; data: { readonly at: number } }>({
      'test.shared': { version: 1, schema: z.strictObject({ at: z.int() }) },
    });
    expect(eventTypes.check({ type: 'test.shared', data: { at: 1 } })).toBe(1);
  });
});
