import { afterAll, beforeAll, describe } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import type { StreamId } from '../src/core/stream-id.js';
import { describeAppends } from './contract-appends.js';
import { describeChanges } from './contract-changes.js';
import { counted, newCounter } from './counter.js';
import type { ContractKit, StoreUnderTest } from './contract-kit.js';

/** What every store must do. */
export function describeStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`the contract of an event store, kept by ${name}`, () => {
    const tenantId = newUuid();
    let under: StoreUnderTest;

    beforeAll(async () => void (under = await open()));
    afterAll(() => under.dispose());

    const fresh = (): StreamId => newCounter(tenantId);
    const kit: ContractKit = {
      tenantId,
      get under() {
        return under;
      },
      get store() {
        return under.store;
      },
      fresh,
      begun: async (...by) => {
        const stream = fresh();
        await under.store.append(stream, by.map(counted), { expected: 'none' });
        return stream;
      },
      totals: async (stream) =>
        (await under.store.read(stream)).map(({ event }) => Number(Reflect.get(event.data, 'by'))),
    };
    describeAppends(kit);
    describeChanges(kit);
  });
}
