import { DomainError, newUuid } from '#platform/kernel';
import { z } from 'zod';
import type { Decider } from '../src/core/decider.js';
import { EventRegistry } from '../src/core/event-registry.js';
import { streamId, type StreamId } from '../src/core/stream-id.js';

/** The events of a counter: the smallest thing with a history. */
export type CounterEvent =
  | { readonly type: 'test.counted'; readonly data: { readonly by: number } }
  | { readonly type: 'test.emptied'; readonly data: { readonly reason: string } };

/** What they add up to. */
export interface Counter {
  readonly total: number;
  readonly events: number;
}

/** Its life. */
export const counter: Decider<Counter, CounterEvent> = {
  category: 'test.counter',
  initial: { total: 0, events: 0 },
  evolve: ({ total, events }, { type, data }) => {
    return { total: type === 'test.counted' ? total + data.by : 0, events: events + 1 };
  },
};

/** The same, its state kept beside the stream. */
export const documented = (every: number, schema = 1): Decider<Counter, CounterEvent> => ({
  ...counter,
  document: { schema, every },
});

/** Counts, but never beyond a limit. */
export const countUpTo =
  (limit: number, by = 1) =>
  ({ total }: Counter): CounterEvent[] => {
    if (total + by > limit) throw new DomainError('conflict', 'test.full', 'The counter is full.');
    return [counted(by)];
  };

export const counted = (by: number): CounterEvent => ({ type: 'test.counted', data: { by } });
export const emptied = (reason: string): CounterEvent => ({ type: 'test.emptied', data: { reason } });

/** The registry of the counter's events; an emptying told no reason in its first version. */
export function counterEvents(): EventRegistry {
  const registry = new EventRegistry();
  registry.define<CounterEvent>({
    'test.counted': { version: 1, schema: z.strictObject({ by: z.int() }) },
    'test.emptied': {
      version: 2,
      schema: z.strictObject({ reason: z.string() }),
      upcast: { 1: (data) => ({ ...data, reason: 'not told' }) },
    },
  });
  return registry;
}

/** A counter that nobody else uses. */
export const newCounter = (tenantId: string, id: string = newUuid()): StreamId =>
  streamId('test.counter', tenantId, id);
