import { type Decider, type DecideContext, type Decision, type DomainEvent, fold } from '../core/decider.js';
import { type EventRegistry, eventTypes } from '../core/event-registry.js';
import { type ExpectedVersion, expectedNumber, type StreamId } from '../core/stream-id.js';
import { newCommandId } from '../core/uuid5.js';
import { Change, type Changed, type ChangeOptions } from './change.js';
import { ChangeMany, type ChangedMany } from './change-many.js';
import { encode, streamsCall, type WriteOptions } from './encode.js';
import type { Appended, EventLog, HistoryPoint, LogSession, StreamsCall } from './event-log.js';
import { InlineProjections, type InlineEvent, inlineEvents } from './inline-projections.js';
import { versionClash } from './refusals.js';
import { currentEvent, foldStored, rehydrate, type Rehydrated } from './rehydrate.js';

/** Events that one read answers at most. */
const MAX_READ = 10_000;

/** Events for one of several streams. */
export interface StreamAppend<E extends DomainEvent = DomainEvent> {
  readonly stream: StreamId;
  /** Default: any. */
  readonly expected?: ExpectedVersion;
  readonly events: readonly E[];
}

/** An event as it is read. */
export interface RecordedEvent<E extends DomainEvent = DomainEvent> {
  readonly event: E;
  readonly version: number;
  readonly position: number;
  readonly eventId: string;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly recordedAt: Date;
}

/**
 * The history of things: appends events to streams, reads them, and decides on what they add up to. Inside an open unit of work
 * everything joins it; outside, each append is a transaction and a message of its own.
 */
export class EventStore {
  constructor(
    private readonly log: EventLog,
    private readonly inline: InlineProjections = new InlineProjections(),
    private readonly registry: EventRegistry = eventTypes,
  ) {}

  /**
   * Appends events to one stream.
   * @param options `expected` says which version the stream must have; default any
   * @throws eventing.version_clash, eventing.stream_missing, eventing.stream_closed
   */
  async append(
    stream: StreamId,
    events: readonly DomainEvent[],
    options: WriteOptions & { readonly expected?: ExpectedVersion } = {},
  ): Promise<Appended> {
    const expected = expectedNumber(options.expected ?? 'any');
    const commandId = options.commandId ?? newCommandId();
    const batch = encode(this.registry, events, commandId, options);
    const isExact = expected !== null && expected >= 0;
    const isInline = this.inline.follow([stream]);
    const views = isInline ? inlineEvents(batch, events, [stream]) : [];
    return this.write({ tenantId: stream.tenantId, commandId, views }, (session) => {
      const isKept = !isExact || isInline || options.commandId !== undefined;
      return session.append({
        ...batch,
        stream,
        expected,
        command: isKept ? commandId : null,
        state: null,
        stateSchema: null,
      });
    });
  }

  /** Appends to several streams of one tenant in one commit, each with a version of its own. @throws as `append` */
  async appendMany(appends: readonly StreamAppend[], options: WriteOptions = {}): Promise<Appended> {
    const call = this.callOf(appends, options);
    return this.write({ ...call, commandId: call.command, views: this.viewsOf(appends, call) }, (session) =>
      session.appendMany(call),
    );
  }

  /**
   * Appends to thousands of streams of one tenant and category, one statement per table: all of them new, or in any version.
   * @param options with `decider`, new streams get their state documents at once
   */
  async appendBulk<S, E extends DomainEvent>(
    appends: readonly Omit<StreamAppend<E>, 'expected'>[],
    options: WriteOptions & { readonly expected: 'none' | 'any'; readonly decider?: Decider<S, E> },
  ): Promise<Appended> {
    const { expected, decider } = options;
    const call = this.callOf(appends, options);
    const category = call.streams[0]?.stream.category ?? '';
    if (call.streams.some(({ stream }) => stream.category !== category))
      throw new Error('a bulk append takes one category');
    const document = expected === 'none' ? decider?.document : undefined;
    const states = decider && document ? appends.map(({ events }) => JSON.stringify(fold(decider, events))) : null;
    const bulk = {
      ...call,
      category,
      expected: expected === 'none' ? 0 : null,
      states,
      stateSchema: document?.schema ?? null,
    } as const;
    return this.write({ ...call, commandId: call.command, views: this.viewsOf(appends, call) }, (session) =>
      session.appendBulk(bulk),
    );
  }

  /** Events of a stream in order. @param options `after` a version, at most `limit` (default and most: 10,000) */
  async read<E extends DomainEvent = DomainEvent>(
    stream: StreamId,
    { after = 0, limit = MAX_READ }: { readonly after?: number; readonly limit?: number } = {},
  ): Promise<RecordedEvent<E>[]> {
    const rows = await this.log.read(stream, after, Math.min(limit, MAX_READ));
    return rows.map(({ version, position, eventId, meta, recordedAt, ...stored }) => {
      return { event: currentEvent<E>(this.registry, stored), version, position, eventId, meta, recordedAt };
    });
  }

  /** The state of a stream now; the initial one with version 0 where there is none. */
  async load<S, E extends DomainEvent>(stream: StreamId, decider: Decider<S, E>): Promise<Rehydrated<S>> {
    const query = { stateSchema: decider.document?.schema ?? null, command: null, lock: false };
    const found = await this.log.session(stream.tenantId, false, (session) => session.load(stream, query));
    return rehydrate(this.registry, decider, found);
  }

  /** The state of a stream as it was at a version or at an instant. */
  async readAt<S, E extends DomainEvent>(
    stream: StreamId,
    decider: Decider<S, E>,
    point: HistoryPoint,
  ): Promise<Rehydrated<S>> {
    const events = await this.log.readUntil(stream, point);
    return { state: foldStored(this.registry, decider, events), version: events.length };
  }

  /**
   * Decides on the state of a stream and appends what was decided. A stream that others have changed meanwhile is loaded and
   * decided on again, at most 3 times, so `decide` must be pure.
   * @throws what `decide` throws; eventing.stream_changed, eventing.version_clash, eventing.stream_closed
   */
  async change<S, E extends DomainEvent>(
    stream: StreamId,
    decider: Decider<S, E>,
    decide: (state: S, context: DecideContext) => Decision<NoInfer<E>>,
    options: ChangeOptions = {},
  ): Promise<Changed<S, E>> {
    const isInline = this.inline.follow([stream]);
    const commandId = options.commandId ?? newCommandId();
    const change = new Change({ stream, decider, decide, options, commandId, isInline }, this.registry, this.inline);
    return this.log.session(stream.tenantId, isInline || options.lock === true, (session) => change.run(session));
  }

  /**
   * Decides on several streams of one tenant at once: locks them in the order of their ids, reads their states and one clock,
   * and appends what was decided in one commit. A stream without events is left as it is.
   * @param decide answers the events of each stream, in the order of `streams`; it may read what the locks guard
   * @throws what `decide` throws; eventing.stream_closed
   */
  async changeMany<S, E extends DomainEvent>(
    streams: readonly StreamId[],
    decider: Decider<S, E>,
    decide: (states: readonly Rehydrated<S>[], now: Date) => Promise<readonly (readonly NoInfer<E>[])[]>,
    options: WriteOptions = {},
  ): Promise<ChangedMany<S>> {
    const [first] = streams;
    if (!first) throw new Error('a change needs at least one stream');
    const change = new ChangeMany({ streams, decider, decide, options }, this.registry, this.inline);
    return this.log.session(first.tenantId, true, (session) => change.run(session));
  }

  private callOf(appends: readonly StreamAppend[], options: WriteOptions): StreamsCall {
    const commandId = options.commandId ?? newCommandId();
    const [first] = appends;
    if (!first) throw new Error('an append needs at least one stream');
    const { tenantId } = first.stream;
    if (appends.some(({ stream }) => stream.tenantId !== tenantId)) throw new Error('an append belongs to one tenant');
    if (new Set(appends.map(({ stream }) => stream.id)).size < appends.length)
      throw new Error('an append names each stream once');
    if (appends.some(({ events }) => events.length === 0))
      throw new Error('an append needs at least one event for each stream');
    const claims = appends.map(({ stream, expected, events }) => {
      return { stream, expected: expectedNumber(expected ?? 'any'), count: events.length };
    });
    return streamsCall(
      this.registry,
      claims,
      appends.map(({ events }) => events),
      { ...options, commandId },
    );
  }

  private viewsOf(appends: readonly StreamAppend[], call: StreamsCall): InlineEvent[] {
    if (!this.inline.follow(appends.map(({ stream }) => stream))) return [];
    const owners = appends.flatMap(({ stream, events }) => events.map(() => stream));
    return inlineEvents(
      call,
      appends.flatMap(({ events }) => events),
      owners,
    );
  }

  /** Appends, after the inline projections of those events that have one. */
  private write(
    {
      tenantId,
      commandId,
      views,
    }: { readonly tenantId: string; readonly commandId: string; readonly views: InlineEvent[] },
    send: (session: LogSession) => Promise<Appended | undefined>,
  ): Promise<Appended> {
    const isInline = views.length > 0;
    return this.log.session(tenantId, isInline, async (session) => {
      const done = isInline ? await session.find(tenantId, commandId) : undefined;
      if (done) return done;
      if (isInline) await this.inline.apply(views, session.unit);
      const appended = await send(session);
      // The projections must not see a command twice: everything is undone, and found done when it is run again.
      if (!appended || (isInline && appended.duplicate)) throw versionClash();
      return appended;
    });
  }
}
