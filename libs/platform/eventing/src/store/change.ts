import {
  type Decider,
  type DecideContext,
  type Decision,
  type DomainEvent,
  fold,
  isDocumentDue,
} from '../core/decider.js';
import type { EventRegistry } from '../core/event-registry.js';
import type { StreamId } from '../core/stream-id.js';
import { encode, type WriteOptions } from './encode.js';
import type { Appended, LogSession } from './event-log.js';
import { type InlineProjections, inlineEvents } from './inline-projections.js';
import { streamChanged, streamClosed, versionClash } from './refusals.js';
import { rehydrate, type Rehydrated } from './rehydrate.js';

/** Decisions on a stream that others change at the same time: after the third the caller is told. */
const MAX_DECISIONS = 3;
/** Base of the full-jitter pause between them. */
const PAUSE_MS = 20;

/** How a decision is carried out. */
export interface ChangeOptions extends Omit<WriteOptions, 'commands'> {
  /** The version the caller has seen; with another the change is refused as eventing.stream_changed. */
  readonly expectedVersion?: number;
  /** Locks the stream before the decision: contenders queue instead of clashing. For hot streams, holds and deadlines. */
  readonly lock?: boolean;
}

/** What a change has come to. */
export interface Changed<S, E> extends Rehydrated<S> {
  /** What was decided now. */
  readonly events: readonly E[];
  /** Position of the last event; undefined when nothing was to change. */
  readonly lastPosition: number | undefined;
  /** The command had been carried out before: `state` is what it is now. */
  readonly duplicate: boolean;
}

/** A decision to be made: on what, by whom, under which command. */
export interface Plan<S, E extends DomainEvent> {
  readonly stream: StreamId;
  readonly decider: Decider<S, E>;
  readonly decide: (state: S, context: DecideContext) => Decision<E>;
  readonly options: ChangeOptions;
  readonly commandId: string;
  /** The stream's category has an inline projection. */
  readonly isInline: boolean;
}

/** Loads, decides and appends, and again when others were faster. */
export class Change<S, E extends DomainEvent> {
  constructor(
    private readonly plan: Plan<S, E>,
    private readonly registry: EventRegistry,
    private readonly inline: InlineProjections,
  ) {}

  async run(session: LogSession): Promise<Changed<S, E>> {
    for (let decision = 1; ; decision++) {
      const changed = await this.decideOnce(session);
      if (changed) return changed;
      if (this.plan.options.expectedVersion !== undefined) throw streamChanged();
      // What an inline projection has written is undone only with the whole unit.
      if (this.plan.isInline) throw versionClash();
      if (decision === MAX_DECISIONS) throw versionClash(null);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * PAUSE_MS * decision));
    }
  }

  /** Undefined when the stream was changed between loading and appending. */
  private async decideOnce(session: LogSession): Promise<Changed<S, E> | undefined> {
    const { stream, decider, decide, options, commandId, isInline } = this.plan;
    const stateSchema = decider.document?.schema ?? null;
    const command = options.commandId !== undefined || session.repeats ? commandId : null;
    const found = await session.load(stream, { stateSchema, command, lock: isInline || options.lock === true });
    const before = rehydrate(this.registry, decider, found);
    if (found.done) return { ...before, ...outcome(found.done), events: [] };
    if (found.closed) throw streamClosed();
    if ((options.expectedVersion ?? before.version) !== before.version) throw streamChanged();

    const { events, commands } = decided(decide(before.state, { now: found.now, version: before.version }));
    if (events.length === 0) return { ...before, events, lastPosition: undefined, duplicate: false };
    const state = fold(decider, events, before.state);
    const batch = encode(this.registry, events, commandId, { ...options, commands });
    if (isInline) await this.inline.apply(inlineEvents(batch, events, [stream]), session.unit);
    const isDue = isDocumentDue(decider.document, before.version, before.version + events.length);
    const document = isDue ? JSON.stringify(state) : null;
    const appended = await session.append({
      ...batch,
      stream,
      expected: before.version,
      command,
      state: document,
      stateSchema,
    });
    if (!appended || (isInline && appended.duplicate)) return undefined;
    return { state, ...outcome(appended), events };
  }
}

function decided<E extends DomainEvent>(decision: Decision<E>) {
  const { events, commands } = 'events' in decision ? decision : { events: decision, commands: [] };
  if (events.length === 0 && commands.length > 0)
    throw new Error('a decision with commands needs an event that led to them');
  return { events, commands };
}

function outcome({
  versions,
  lastPosition,
  duplicate,
}: Appended): Pick<Changed<never, never>, 'version' | 'lastPosition' | 'duplicate'> {
  return { version: versions[0] ?? 0, lastPosition, duplicate };
}
