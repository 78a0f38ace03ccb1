import type { Unit } from '#platform/persistence';
import type { StreamId } from '../core/stream-id.js';

/** Events as they are written, and what one append writes with them. Text is JSON. */
export interface EventBatch {
  readonly ids: readonly string[];
  readonly types: readonly string[];
  readonly schemas: readonly number[];
  /** A JSON array of their data. */
  readonly data: string;
  readonly meta: string;
  /** A JSON array of rows for the outbox. */
  readonly outbox: string | null;
}

/** An append to one stream, ready to be sent, and sent again unchanged when its answer was lost. */
export interface AppendCall extends EventBatch {
  readonly stream: StreamId;
  /** As `expectedNumber` says it. */
  readonly expected: number | null;
  /** Kept for a repeated call; null where the ids of the events are enough to know the call again. */
  readonly command: string | null;
  readonly state: string | null;
  readonly stateSchema: number | null;
}

/** What one of several streams is to receive. */
export interface StreamClaim {
  readonly stream: StreamId;
  readonly expected: number | null;
  readonly count: number;
  /** Its state document afterwards, with an exact expected version; absent: the one it has stays. */
  readonly document?: { readonly state: string; readonly schema: number };
}

/** An append to several streams. Each event says whose it is and which of that stream's, both counted from 1. */
export interface StreamsCall extends EventBatch {
  readonly tenantId: string;
  readonly command: string;
  readonly streams: readonly StreamClaim[];
  readonly of: readonly number[];
  readonly nth: readonly number[];
}

/** An append to thousands of streams of one category: all new (0) or in any version (null). */
export interface BulkCall extends StreamsCall {
  readonly category: string;
  readonly expected: 0 | null;
  /** State documents in the order of the streams, for new ones. */
  readonly states: readonly string[] | null;
  readonly stateSchema: number | null;
}

/** What an append did. */
export interface Appended {
  /** Version of each stream afterwards, in the order of the call. */
  readonly versions: readonly number[];
  readonly firstPosition: number;
  readonly lastPosition: number;
  /** An identical call had done it before; nothing was written now. */
  readonly duplicate: boolean;
}

/** An event as it is stored, of whatever schema version. */
export interface StoredEvent {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: object;
}

/** An event with everything that is known of it. */
export interface StoredRecord extends StoredEvent {
  readonly version: number;
  readonly position: number;
  readonly eventId: string;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly recordedAt: Date;
}

/** What there is to decide on. */
export interface Loaded {
  readonly version: number;
  /** Archived or tombstoned. */
  readonly closed: boolean;
  /** The state document, if there is one of the wanted schema. */
  readonly state: unknown;
  /** Events since the state document, or all. */
  readonly events: readonly StoredEvent[];
  readonly now: Date;
  /** What the command has done already. */
  readonly done: Appended | undefined;
}

/** What to load. */
export interface LoadQuery {
  readonly stateSchema: number | null;
  readonly command: string | null;
  /** Locks the stream's row until the transaction ends. */
  readonly lock: boolean;
}

/** The end of a history: at a version, or at an instant. */
export type HistoryPoint = { readonly version: number } | { readonly time: Date };

/** Loading and appending that belong together. */
export interface LogSession {
  /** The open transaction; undefined where each call is its own. */
  readonly unit: Unit | undefined;
  /** Whether the work runs again when the answer to its commit is lost: then its command must be kept. */
  readonly repeats: boolean;
  load(stream: StreamId, query: LoadQuery): Promise<Loaded>;
  /** Locks several streams of one tenant in the order of their ids; answers in the order asked for. */
  loadLocked(streams: readonly StreamId[], query: Omit<LoadQuery, 'lock'>): Promise<Loaded[]>;
  /** What a command has done, if it has. */
  find(tenantId: string, command: string): Promise<Appended | undefined>;
  /** Undefined when the stream has another version: nothing was written then, and the transaction goes on. */
  append(call: AppendCall): Promise<Appended | undefined>;
  appendMany(call: StreamsCall): Promise<Appended>;
  appendBulk(call: BulkCall): Promise<Appended>;
}

/** Where events are kept: PostgreSQL, or memory in tests. */
export interface EventLog {
  /**
   * Runs `work` in the open unit of work if there is one; else with each call on its own, or, where `together`, in a unit of its
   * own, which is run again when it loses a race or the answer to its commit.
   */
  session<T>(tenantId: string, together: boolean, work: (session: LogSession) => Promise<T>): Promise<T>;
  read(stream: StreamId, after: number, limit: number): Promise<StoredRecord[]>;
  readUntil(stream: StreamId, point: HistoryPoint): Promise<StoredEvent[]>;
}
