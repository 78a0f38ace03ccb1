import { counterEvents } from '../../testing/counter.js';
import { describeStore } from '../../testing/contract.js';
import { MemoryLog, memoryStore } from '../../testing/memory-log.js';

describeStore('memory', async () => {
  const log = new MemoryLog();
  return {
    store: memoryStore(log, counterEvents()),
    close: async (stream) => log.close(stream),
    outbox: async () => log.outbox,
    spoilState: async (stream, state) => log.spoilState(stream, state),
    tick: async () => log.clock.advance(5),
    dispose: async () => undefined,
  };
});
