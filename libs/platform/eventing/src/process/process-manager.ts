import { DiscoveryService } from '@nestjs/core';
import type { DomainEvent, NewCommand } from '../core/decider.js';
import type { FeedEvent } from '../feed/feed.js';
import type { ReactionOptions } from './reactor.js';

/** A call to be woken at an instant. When the process has moved on by then, nothing happens. */
export interface ProcessTimer {
  readonly timer: string;
  /** Of the database's clock: reckoned from `recordedAt` of the event, or the `now` that is handed in. */
  readonly at: Date;
}

/** What a process manager answers. */
export interface Reaction {
  /** What the process is to remember: defined with `defineEvents` like any event. */
  readonly facts?: readonly DomainEvent[];
  readonly commands?: readonly NewCommand[];
  readonly timers?: readonly ProcessTimer[];
}

/**
 * Steers a process over several streams: remembers in a stream of its own, one per correlation id, and sends commands. A provider
 * with `@ProcessManager` in any module of the worker. All of it pure functions.
 */
export interface IProcessManager<S> {
  readonly initial: S;
  /** Which process an event belongs to; undefined for none. */
  correlate(event: FeedEvent): string | undefined;
  evolve(state: S, fact: DomainEvent): S;
  react(state: S, event: FeedEvent): Reaction;
  /** A timer has run out and nothing has happened in this process since it was set. */
  timeUp?(state: S, timer: string, now: Date): Reaction;
}

/** Marks a class as a process manager. */
export const ProcessManager = DiscoveryService.createDecorator<ReactionOptions>();
