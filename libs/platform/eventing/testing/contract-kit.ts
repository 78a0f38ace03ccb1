import type { StreamId } from '../src/core/stream-id.js';
import type { EventStore } from '../src/store/event-store.js';
import type { Counter } from './counter.js';
import type { WaitingCommand } from './memory-log.js';

/** A store under test, and what a test needs beside it. Its registry is that of the counter. */
export interface StoreUnderTest {
  readonly store: EventStore;
  /** Archives a stream. */
  close(stream: StreamId): Promise<void>;
  /** Commands of a tenant in the outbox. */
  outbox(tenantId: string): Promise<WaitingCommand[]>;
  /** Puts another state beside the stream than its events add up to. */
  spoilState(stream: StreamId, state: Counter): Promise<void>;
  /** Lets some milliseconds pass. */
  tick(): Promise<void>;
  dispose(): Promise<void>;
}

/** What the parts of the contract share. */
export interface ContractKit {
  readonly tenantId: string;
  /** Both are there once the tests run. */
  readonly under: StoreUnderTest;
  readonly store: EventStore;
  /** A stream that nobody else uses. */
  fresh(): StreamId;
  /** One with these counts in it. */
  begun(...by: number[]): Promise<StreamId>;
  /** The counts in a stream. */
  totals(stream: StreamId): Promise<number[]>;
}
