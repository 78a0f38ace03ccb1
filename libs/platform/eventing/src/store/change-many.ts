import { type Decider, type DomainEvent, fold, isDocumentDue } from '../core/decider.js';
import type { EventRegistry } from '../core/event-registry.js';
import type { StreamId } from '../core/stream-id.js';
import { newCommandId } from '../core/uuid5.js';
import { streamsCall, type WriteOptions } from './encode.js';
import type { Loaded, LogSession, StreamClaim } from './event-log.js';
import { type InlineProjections, inlineEvents } from './inline-projections.js';
import { streamClosed, versionClash } from './refusals.js';
import { rehydrate, type Rehydrated } from './rehydrate.js';

/** What a change of several streams has come to. */
export interface ChangedMany<S> {
  /** State and version of each stream afterwards, in the order of the call. */
  readonly streams: readonly Rehydrated<S>[];
  /** Position of the last event; undefined when nothing was to change. */
  readonly lastPosition: number | undefined;
  /** The command had been carried out before: the states are what they are now. */
  readonly duplicate: boolean;
}

/** A decision to be made on several streams. */
export interface ManyPlan<S, E extends DomainEvent> {
  readonly streams: readonly StreamId[];
  readonly decider: Decider<S, E>;
  readonly decide: (states: readonly Rehydrated<S>[], now: Date) => Promise<readonly (readonly E[])[]>;
  readonly options: WriteOptions;
}

/** Locks several streams, decides on all of them and appends, in one transaction. */
export class ChangeMany<S, E extends DomainEvent> {
  constructor(
    private readonly plan: ManyPlan<S, E>,
    private readonly registry: EventRegistry,
    private readonly inline: InlineProjections,
  ) {}

  async run(session: LogSession): Promise<ChangedMany<S>> {
    const { streams, decider, decide, options } = this.plan;
    const commandId = options.commandId ?? newCommandId();
    const stateSchema = decider.document?.schema ?? null;
    const loaded = await session.loadLocked(streams, { stateSchema, command: commandId });
    const before = loaded.map((one) => rehydrate(this.registry, decider, one));
    const done = loaded[0]?.done;
    if (done) return { streams: before, lastPosition: done.lastPosition, duplicate: true };
    if (loaded.some(({ closed }) => closed)) throw streamClosed();

    const decided = await decide(before, nowOf(loaded));
    const after = before.map(({ state, version }, index) => {
      const events = decided[index] ?? [];
      return { state: fold(decider, events, state), version: version + events.length };
    });
    const changed = streams.flatMap((stream, index) => {
      const [events = [], was, is] = [decided[index], before[index], after[index]];
      return was && is && events.length > 0 ? [{ claim: this.claim(stream, was.version, is), events }] : [];
    });
    if (changed.length === 0) return { streams: after, lastPosition: undefined, duplicate: false };
    const appended = await this.append(session, changed, { ...options, commandId });
    return { streams: after, lastPosition: appended.lastPosition, duplicate: false };
  }

  private claim(stream: StreamId, expected: number, { state, version }: Rehydrated<S>): StreamClaim {
    const { document } = this.plan.decider;
    const isDue = document !== undefined && isDocumentDue(document, expected, version);
    return {
      stream,
      expected,
      count: version - expected,
      ...(isDue ? { document: { state: JSON.stringify(state), schema: document.schema } } : {}),
    };
  }

  private async append(
    session: LogSession,
    changed: readonly { readonly claim: StreamClaim; readonly events: readonly E[] }[],
    options: WriteOptions & { readonly commandId: string },
  ) {
    const claims = changed.map(({ claim }) => claim);
    const call = streamsCall(
      this.registry,
      claims,
      changed.map(({ events }) => events),
      options,
    );
    if (this.inline.follow(claims.map(({ stream }) => stream))) {
      const owners = changed.flatMap(({ claim, events }) => events.map(() => claim.stream));
      const events = changed.flatMap((one) => one.events);
      await this.inline.apply(inlineEvents(call, events, owners), session.unit);
    }
    const appended = await session.appendMany(call);
    // What the projections have written must not stay beside an earlier call's events.
    if (appended.duplicate) throw versionClash();
    return appended;
  }
}

/** One instant for the whole decision: the last one read, when all locks were held. */
function nowOf(loaded: readonly Loaded[]): Date {
  const last = loaded.at(-1);
  if (!last) throw new Error('locking streams answered no rows');
  return last.now;
}
