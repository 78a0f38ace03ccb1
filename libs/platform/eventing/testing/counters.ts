import { newUuid } from '#platform/kernel';
import type { StreamId } from '../src/core/stream-id.js';
import type { EventStore } from '../src/store/event-store.js';
import { counted, counter, newCounter } from './counter.js';
import { openPostgresStore, type PostgresStore } from './postgres.js';

/** The counters of one tenant, in a store of their own. */
export interface Counters {
  readonly tenantId: string;
  readonly under: PostgresStore;
  readonly store: EventStore;
  /** A counter that has counted once. */
  begun(by?: number): Promise<StreamId>;
  total(stream: StreamId): Promise<number>;
}

/** Opens the store; dispose of it in afterAll. */
export async function openCounters(): Promise<Counters> {
  const under = await openPostgresStore();
  const { store } = under;
  const tenantId = newUuid();
  return {
    tenantId,
    under,
    store,
    begun: async (by = 1) => {
      const stream = newCounter(tenantId);
      await store.append(stream, [counted(by)], { expected: 'none' });
      return stream;
    },
    total: async (stream) => (await store.load(stream, counter)).state.total,
  };
}
