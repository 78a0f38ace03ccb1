import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { Unit } from '#platform/persistence';
import type { Backoff } from './backoff.js';
import type { TaskRun } from './task-run.js';
import type { ClaimedTask, Pause } from './task-store.js';

/** What a task changes, in the transaction that also marks it as done. May be run again after a lost race; then it starts over. */
export type TaskEffect = (unit: Unit) => Promise<void>;

/** Does one kind of task. A provider with `@TaskHandler(kind)` in any module of the worker. */
export interface ITaskHandler {
  /**
   * Runs outside any transaction: prepares, calls others (with the task's id as their idempotency key), works in bounded
   * `task.step`s. What must happen exactly once is not done here but answered as the effect. A DomainError that a repetition
   * cannot cure fails the task at once; any other error is another attempt.
   */
  run(task: TaskRun): Promise<TaskEffect | void> | TaskEffect;
  /** How a failed attempt goes on, where the kind has rules of its own; undefined leaves it to the usual ones. */
  judge?(task: ClaimedTask, error: unknown): Promise<Pause | 'dead' | undefined>;
  /** What must be on record when the task ends without having been done, in the transaction that ends it. */
  dead?(unit: Unit, task: ClaimedTask, death: Death): Promise<void>;
}

/** Why a task ended: it was refused, it had no attempt left, or it cost too many workers. */
export interface Death {
  readonly reason: 'refused' | 'exhausted' | 'poison';
  readonly error: string;
  /** What was thrown, where something was. */
  readonly cause?: unknown;
}

/** Thrown by a handler for which it is too early: again after `afterMs`, without an attempt counted. */
export class TooEarly extends Error {
  constructor(readonly afterMs: number) {
    super(`too early: again in ${afterMs} ms`);
  }
}

/** How a kind is run. */
export interface TaskHandlerOptions {
  readonly backoff?: Backoff;
  /** A run that takes longer has failed. Default: 15 minutes. */
  readonly timeoutMs?: number;
}

/** Marks a class as the handler of a kind: lower case, such as `mail.send`. */
export const TaskHandler = DiscoveryService.createDecorator<TaskHandlerOptions & { readonly kind: string }>();

/** A handler with how it wants to be run. */
export interface RegisteredHandler extends TaskHandlerOptions {
  readonly handler: ITaskHandler;
}

/** The handlers of this worker, by kind. */
@Injectable()
export class TaskHandlers implements OnModuleInit {
  private readonly byKind = new Map<string, RegisteredHandler>();

  constructor(@Inject(DiscoveryService) private readonly discovery: DiscoveryService) {}

  /** Finds the handlers. @throws Error when a kind has two */
  onModuleInit(): void {
    for (const wrapper of this.discovery.getProviders({ metadataKey: TaskHandler.KEY })) {
      const options = this.discovery.getMetadataByDecorator(TaskHandler, wrapper);
      if (!options) continue;
      if (this.byKind.has(options.kind)) throw new Error(`two handlers for tasks of kind ${options.kind}`);
      this.byKind.set(options.kind, { ...options, handler: wrapper.instance as ITaskHandler });
    }
  }

  get kinds(): string[] {
    return [...this.byKind.keys()];
  }

  /** @throws Error for a kind that is not among `kinds`, which is never claimed */
  get(kind: string): RegisteredHandler {
    const found = this.byKind.get(kind);
    if (!found) throw new Error(`no handler for tasks of kind ${kind}`);
    return found;
  }
}
