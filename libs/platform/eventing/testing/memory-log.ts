import { ManualClock } from '#platform/kernel';
import { eventTypes, type EventRegistry } from '../src/core/event-registry.js';
import type { StreamId } from '../src/core/stream-id.js';
import { eventingErrors } from '../src/eventing.errors.js';
import type {
  AppendCall,
  Appended,
  BulkCall,
  EventBatch,
  EventLog,
  HistoryPoint,
  Loaded,
  LoadQuery,
  LogSession,
  StoredEvent,
  StoredRecord,
  StreamsCall,
} from '../src/store/event-log.js';
import { EventStore } from '../src/store/event-store.js';
import { InlineProjections } from '../src/store/inline-projections.js';
import { streamClosed, versionClash } from '../src/store/refusals.js';

interface MemoryStream {
  readonly records: StoredRecord[];
  closed: boolean;
  document: { readonly state: string; readonly version: number; readonly schema: number } | undefined;
}

/** A command that an append has put into the outbox. */
export interface WaitingCommand {
  readonly command: string;
  readonly payload: unknown;
  readonly dedupeKey: string;
}

/** What one stream is to receive. */
interface Claim {
  readonly stream: StreamId;
  readonly expected: number | null;
  readonly count: number;
}

/** Events in memory: the same answers as PostgreSQL, without transactions, policies and inline projections. */
export class MemoryLog implements EventLog {
  readonly outbox: WaitingCommand[] = [];
  private readonly streams = new Map<string, MemoryStream>();
  private readonly commands = new Map<string, Appended>();
  private position = 0;

  constructor(readonly clock: ManualClock = new ManualClock()) {}

  session<T>(_tenantId: string, _together: boolean, work: (session: LogSession) => Promise<T>): Promise<T> {
    return work({
      unit: undefined,
      repeats: false,
      load: async (stream, query) => this.load(stream, query),
      loadLocked: async (streams, query) => streams.map((stream) => this.load(stream, { ...query, lock: true })),
      find: async (tenantId, command) => this.commands.get(`${tenantId} ${command}`),
      append: async (call) => this.append(call),
      appendMany: async (call) => this.appendStreams(call),
      appendBulk: async (call) => this.appendBulk(call),
    });
  }

  async read(stream: StreamId, after: number, limit: number): Promise<StoredRecord[]> {
    return (this.streamOf(stream)?.records ?? []).filter(({ version }) => version > after).slice(0, limit);
  }

  async readUntil(stream: StreamId, point: HistoryPoint): Promise<StoredEvent[]> {
    const records = this.streamOf(stream)?.records ?? [];
    if ('version' in point) return records.filter(({ version }) => version <= point.version);
    return records.slice(0, records.findLastIndex(({ recordedAt }) => recordedAt <= point.time) + 1);
  }

  /** Archives a stream, as the database's operator does. */
  close(stream: StreamId): void {
    const found = this.streamOf(stream);
    if (found) found.closed = true;
  }

  /** Puts another state beside a stream than its events add up to. */
  spoilState(stream: StreamId, state: object): void {
    const document = this.streamOf(stream)?.document;
    if (!document) throw new Error('the stream has no state');
    this.ensure(stream).document = { ...document, state: JSON.stringify(state) };
  }

  private load(stream: StreamId, { stateSchema, command }: LoadQuery): Loaded {
    const found = this.streamOf(stream);
    const document = found?.document?.schema === stateSchema ? found?.document : undefined;
    return {
      version: found?.records.length ?? 0,
      closed: found?.closed ?? false,
      state: document && JSON.parse(document.state),
      events: (found?.records ?? []).slice(document?.version ?? 0),
      now: this.clock.now(),
      done: this.commands.get(`${stream.tenantId} ${command}`),
    };
  }

  private append(call: AppendCall): Appended | undefined {
    const { stream, expected, ids, command } = call;
    const done = this.commands.get(`${stream.tenantId} ${command}`);
    if (done) return done;
    const found = this.streamOf(stream);
    if (found && expected !== null && expected >= 0 && found.records[expected]?.eventId === ids[0]) {
      return this.answer(found.records.slice(expected, expected + ids.length), [expected + ids.length], true);
    }
    if (!this.isAsExpected({ stream, expected, count: ids.length })) return undefined;
    const written = this.write(call, () => stream);
    const { length } = this.streamOf(stream)?.records ?? [];
    const state =
      call.state !== null && call.stateSchema !== null
        ? { state: call.state, version: length, schema: call.stateSchema }
        : undefined;
    if (state) this.ensure(stream).document = state;
    const appended = this.answer(written, [length], false);
    this.keep(stream.tenantId, command, appended);
    this.send(call);
    return appended;
  }

  private appendStreams(call: StreamsCall): Appended {
    const done = this.commands.get(`${call.tenantId} ${call.command}`);
    if (done) return done;
    const inOrder = call.streams.toSorted((a, b) => (a.stream.id < b.stream.id ? -1 : 1));
    if (!inOrder.every((claim) => this.isAsExpected(claim))) throw versionClash();
    const written = this.write(call, (index) => call.streams[(call.of[index] ?? 0) - 1]?.stream);
    for (const { stream, document } of call.streams) {
      const held = this.ensure(stream);
      if (document) held.document = { ...document, version: held.records.length };
    }
    const appended = this.answer(
      written,
      call.streams.map(({ stream }) => this.ensure(stream).records.length),
      false,
    );
    this.keep(call.tenantId, call.command, appended);
    this.send(call);
    return appended;
  }

  private appendBulk(call: BulkCall): Appended {
    const appended = this.appendStreams({
      ...call,
      streams: call.streams.map((one) => ({ ...one, expected: call.expected })),
    });
    if (appended.duplicate) return appended;
    for (const [index, { stream, count }] of call.streams.entries()) {
      const state = call.states?.[index];
      if (state !== undefined && call.stateSchema !== null) {
        this.ensure(stream).document = { state, version: count, schema: call.stateSchema };
      }
    }
    return appended;
  }

  /** @throws for streams that are missing or closed, as the append functions do */
  private isAsExpected({ stream, expected }: Claim): boolean {
    const found = this.streamOf(stream);
    if (!found && expected !== null && expected !== 0)
      throw eventingErrors.stream_missing('There is no such thing. Check its id.');
    if (found?.closed) throw streamClosed();
    return expected === null || expected === -1 || expected === (found?.records.length ?? 0);
  }

  private write(batch: EventBatch, ownerOf: (index: number) => StreamId | undefined): StoredRecord[] {
    const data = JSON.parse(batch.data) as object[];
    const meta = JSON.parse(batch.meta) as Record<string, unknown>;
    return batch.ids.flatMap((eventId, index) => {
      const owner = ownerOf(index);
      if (!owner) return [];
      const { records } = this.ensure(owner);
      const record: StoredRecord = {
        type: batch.types[index] ?? '',
        schemaVersion: batch.schemas[index] ?? 0,
        data: data[index] ?? {},
        version: records.length + 1,
        position: ++this.position,
        eventId,
        meta,
        recordedAt: this.clock.now(),
      };
      records.push(record);
      return [record];
    });
  }

  private answer(written: readonly StoredRecord[], versions: readonly number[], duplicate: boolean): Appended {
    const positions = written.map(({ position }) => position);
    return { versions, firstPosition: Math.min(...positions), lastPosition: Math.max(...positions), duplicate };
  }

  private keep(tenantId: string, command: string | null, appended: Appended): void {
    if (command !== null) this.commands.set(`${tenantId} ${command}`, { ...appended, duplicate: true });
  }

  private send({ outbox, ids }: EventBatch): void {
    const rows = JSON.parse(outbox ?? '[]') as { command: string; payload: unknown; dedupe_key?: string }[];
    for (const [index, { command, payload, dedupe_key }] of rows.entries()) {
      const dedupeKey = dedupe_key ?? `${ids[0] ?? ''}:${index + 1}`;
      if (!this.outbox.some((waiting) => waiting.dedupeKey === dedupeKey))
        this.outbox.push({ command, payload, dedupeKey });
    }
  }

  private streamOf({ tenantId, id }: StreamId): MemoryStream | undefined {
    return this.streams.get(`${tenantId} ${id}`);
  }

  private ensure(stream: StreamId): MemoryStream {
    const made = this.streamOf(stream) ?? { records: [], closed: false, document: undefined };
    this.streams.set(`${stream.tenantId} ${stream.id}`, made);
    return made;
  }
}

/** A store in memory, for tests of what uses one. */
export function memoryStore(log: MemoryLog = new MemoryLog(), registry: EventRegistry = eventTypes): EventStore {
  return new EventStore(log, new InlineProjections(), registry);
}
