import { it } from '@jest/globals';
import { counterEvents } from '../../testing/counter.js';
import { MemoryLog, memoryStore } from '../../testing/memory-log.js';
import { checkAgainstModel } from '../../testing/model.js';

it('the store in memory does what the model does, whatever the history', async () => {
  const log = new MemoryLog();
  const under = {
    store: memoryStore(log, counterEvents()),
    close: async (stream: Parameters<MemoryLog['close']>[0]) => log.close(stream),
    outbox: async () => log.outbox,
    spoilState: async () => undefined,
    tick: async () => undefined,
    dispose: async () => undefined,
  };
  await checkAgainstModel(under, { numRuns: 300 });
});
