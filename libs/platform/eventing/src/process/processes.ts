import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '#platform/persistence';
import { newTraceId, runInContext } from '#platform/telemetry';
import { type Decider, fold, type DomainEvent, type NewCommand } from '../core/decider.js';
import { eventTypes } from '../core/event-registry.js';
import { streamId } from '../core/stream-id.js';
import { uuid5 } from '../core/uuid5.js';
import type { FeedEvent } from '../feed/feed.js';
import { insertOutbox, keyed, metaOf } from '../outbox/outbox-rows.js';
import type { Subscriber } from '../projections/subscriber.js';
import { Appends } from '../store/appends.js';
import { encode } from '../store/encode.js';
import { UnitSession } from '../store/postgres-sessions.js';
import { versionClash } from '../store/refusals.js';
import type { IProcessManager, Reaction } from './process-manager.js';
import { type ReactionOptions, reactionSubscriber } from './reactor.js';

/** The command of the outbox that wakes a process manager. */
export const TIME_UP = 'eventing.time-up';

/** Namespace of the ids of processes: a random UUID, for ever the same. */
const NAMESPACE = '5b1d0c5e-3c0b-4c4e-9a55-6f0e3b8a2d71';

/** The stream of a process: two first events of one correlation id meet on it. */
export function processId(manager: string, correlation: string): string {
  return uuid5(uuid5(NAMESPACE, manager), correlation);
}

/** A process as it stands, its stream locked if there is one. */
interface Process {
  readonly name: string;
  readonly id: string;
  readonly version: number;
  readonly state: unknown;
  readonly now: Date;
}

/** What made a process manager answer: the same cause gives the same ids. */
interface Cause {
  readonly id: string;
  readonly meta: Record<string, unknown>;
}

interface TimerPayload {
  readonly manager: string;
  readonly process: string;
  readonly timer: string;
  readonly version: number;
}

/** Runs process managers: state as a stream of each process, commands and timers through the outbox, in one transaction. */
@Injectable()
export class Processes {
  private readonly managers = new Map<string, IProcessManager<unknown>>();

  constructor(@Inject(Appends) private readonly appends: Appends) {}

  /** Takes in a process manager and answers it as the feed's runner sees it. */
  subscriber(options: ReactionOptions, manager: IProcessManager<unknown>): Subscriber {
    this.managers.set(options.name, manager);
    return reactionSubscriber(options, async (page, unit) => {
      for (const event of page) await this.react(unit, options.name, manager, event);
    });
  }

  /** Wakes a process, inside the unit of the outbox row. Late, doubled or overtaken, it changes nothing. */
  async timeUp(unit: Unit, payload: Record<string, unknown>): Promise<void> {
    const { manager: name, process: id, timer, version } = payload as Partial<TimerPayload>;
    const manager = this.managers.get(name ?? '');
    if (!manager || !name || !id || !timer) throw new Error(`nobody waits for ${JSON.stringify(payload)}`);
    const process = await this.load(unit, name, manager, id);
    if (process.version !== version) return;
    const answer = manager.timeUp?.(process.state, timer, process.now) ?? {};
    await this.save(unit, process, { id: timerKey({ manager: name, process: id, timer, version }), meta: {} }, answer);
  }

  private async react(unit: Unit, name: string, manager: IProcessManager<unknown>, event: FeedEvent): Promise<void> {
    const correlation = manager.correlate(event);
    if (correlation === undefined) return;
    const process = await this.load(unit, name, manager, processId(name, correlation));
    const cause = { id: event.eventId, meta: metaOf(event) };
    const { correlation: requestId } = cause.meta;
    const context = { requestId: typeof requestId === 'string' ? requestId : event.eventId, traceId: newTraceId() };
    await runInContext({ ...context, tenantId: unit.tenantId, route: name }, () =>
      this.save(unit, process, cause, manager.react(process.state, event)),
    );
  }

  private async load(unit: Unit, name: string, manager: IProcessManager<unknown>, id: string): Promise<Process> {
    const stream = streamId(name, unit.tenantId, id);
    const query = { stateSchema: null, command: null, lock: true };
    const { version, events, now } = await this.session(unit).load(stream, query);
    const facts = events.map(({ type, schemaVersion, data }) => eventTypes.read(type, schemaVersion, data));
    const decider: Decider<unknown, DomainEvent> = {
      category: name,
      initial: manager.initial,
      evolve: (state, fact) => manager.evolve(state, fact),
    };
    return { name, id, version, state: fold(decider, facts), now };
  }

  private async save(unit: Unit, { name, id, version }: Process, cause: Cause, answer: Reaction): Promise<void> {
    const { facts = [], commands = [], timers = [] } = answer;
    const waits = timers.map(({ timer, at }): NewCommand => {
      const payload = { manager: name, process: id, timer, version: version + facts.length };
      return { command: TIME_UP, payload, dedupeKey: timerKey(payload), notBefore: at };
    });
    const all = [...keyed(cause.id, name, commands), ...waits];
    if (facts.length === 0) return insertOutbox(unit, all, cause.meta);
    const command = uuid5(id, cause.id);
    const { causation } = cause.meta;
    const options = { commands: all, ...(typeof causation === 'string' ? { causationId: causation } : {}) };
    const appended = await this.session(unit).append({
      stream: streamId(name, unit.tenantId, id),
      expected: version,
      ...encode(eventTypes, facts, command, options),
      command,
      state: null,
      stateSchema: null,
    });
    if (!appended) throw versionClash();
  }

  private session(unit: Unit): UnitSession {
    return new UnitSession(unit, true, this.appends);
  }
}

/** A timer is known by its stream, its name and the version it was set at. */
const timerKey = ({ process, timer, version }: TimerPayload): string => `${process}:${timer}:${version}`;
