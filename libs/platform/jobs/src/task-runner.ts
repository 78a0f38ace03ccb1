import { Inject, Injectable, Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError, PROBLEMS } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { redactText, setContext, withExtractedContext, withSpan } from '#platform/telemetry';
import { backoffMs } from './backoff.js';
import { jobsMetrics, type RunOutcome } from './jobs.metrics.js';
import { JOBS_SETTINGS, type JobsSettings } from './options.js';
import { Deaths } from './deaths.js';
import { TaskHandlers, TooEarly } from './task-handler.js';
import { Solitude } from './solitude.js';
import { TaskRun } from './task-run.js';
import { type ClaimedTask, type Holder, LeaseLost, MOST_LOSSES, type Pause, TaskStore } from './task-store.js';
import { Ticker } from './ticker.js';
import { parseWorkRef, type WorkRef } from './work-transport.js';
import { WorkerRegistry } from './worker-registry.js';

/** Beats per lease: two may be lost before the third. */
const BEATS_PER_LEASE = 3;
/** A handler that hangs gives its slot back after this, unless its kind says otherwise. */
const DEFAULT_TIMEOUT_MS = 15 * 60_000;
/** Work that has cost workers waits so long, in leases, for others to make room: its lease is not renewed meanwhile. */
const ALONE_WITHIN_LEASES = 0.5;
/** Where another one is alone: it is claimed again only after that one is done. */
const TAKEN_AGAIN_MS = 100;
const ERROR_LENGTH = 2_000;
const RELEASED = new Error('the worker had to leave');

interface Running {
  readonly task: ClaimedTask;
  readonly abort: AbortController;
}

/** Claims tasks, runs them, and keeps the leases of those it runs. */
@Injectable()
export class TaskRunner {
  /** Called when a slot becomes free. */
  onFree: () => void = () => undefined;
  private readonly logger = new Logger('Jobs');
  private readonly running = new Map<number, Running>();
  private readonly queued: (() => void)[] = [];
  private readonly solitude = new Solitude();
  private readonly heart: Ticker;
  private inUse = 0;
  private draining = false;
  private beatAt = performance.now();

  constructor(
    @Inject(TaskStore) private readonly store: TaskStore,
    @Inject(TaskHandlers) private readonly handlers: TaskHandlers,
    @Inject(Deaths) private readonly deaths: Deaths,
    @Inject(WorkerRegistry) private readonly registry: WorkerRegistry,
    @Inject(UnitOfWork) private readonly work: UnitOfWork,
    @Inject(JOBS_SETTINGS) private readonly settings: JobsSettings,
  ) {
    this.heart = new Ticker('the heartbeat', settings.leaseMs / BEATS_PER_LEASE, () => this.beat());
  }

  /** Tasks it could begin now. */
  get freeSlots(): number {
    return this.draining ? 0 : this.settings.concurrency - this.inUse;
  }

  start(): void {
    this.heart.start();
  }

  /** Deals with one delivery: waits for a slot, claims, runs. Never rejects: what goes wrong is on record or repeated. */
  async deliver(data: unknown): Promise<void> {
    const ref = parseWorkRef(data);
    if (!ref) return this.drop('tampered', undefined);
    if (!(await this.slot())) return;
    try {
      const task = await this.claim(ref);
      if (!task) return this.drop(await this.store.refusal(ref), ref);
      jobsMetrics.delivered.inc({ outcome: 'claimed' });
      if (isSuspect(task)) await this.holdAlone(task);
      else await this.hold(task).finally(() => this.solitude.leave());
    } catch (error) {
      this.logger.warn({ msg: 'a delivery was not dealt with', ...ref, error: String(error) });
    } finally {
      this.free();
    }
  }

  /** From now on nothing more is begun. */
  close(): void {
    this.draining = true;
    for (const turnAway of this.queued.splice(0)) turnAway();
  }

  /** Begins nothing more, waits for what runs, and gives back what is not done in time. */
  async drain(timeoutMs: number): Promise<void> {
    this.close();
    const deadline = performance.now() + timeoutMs;
    while (this.inUse > 0 && performance.now() < deadline) await sleep(20);
    const left = [...this.running.values()];
    for (const { abort } of left) abort.abort(RELEASED);
    if (left.length > 0) await this.giveBack();
    await this.heart.stop();
    await this.registry.leave().catch(() => undefined);
  }

  private async giveBack(): Promise<void> {
    try {
      await this.store.release([...this.running.keys()], this.registry.id);
    } catch (error) {
      this.logger.warn({ msg: 'tasks could not be given back: their leases run out', error: String(error) });
    }
  }

  private get holder(): Holder {
    return { owner: this.registry.id, kinds: this.handlers.kinds, leaseMs: this.settings.leaseMs };
  }

  /** Resolves when the caller has a slot; false when the worker is leaving. */
  private async slot(): Promise<boolean> {
    while (!this.draining && this.inUse >= this.settings.concurrency) {
      await new Promise<void>((resolve) => this.queued.push(resolve));
    }
    if (this.draining) return false;
    jobsMetrics.running.set(++this.inUse);
    return true;
  }

  private free(): void {
    jobsMetrics.running.set(--this.inUse);
    this.queued.shift()?.();
    this.onFree();
  }

  private drop(outcome: 'stale' | 'tampered', ref: WorkRef | undefined): void {
    jobsMetrics.delivered.inc({ outcome });
    if (outcome === 'tampered') this.logger.error({ msg: 'dropped a ref that was never handed out', outcome, ...ref });
  }

  /** Claims beside others, and stays inside with what it claimed; nothing is claimed while work that may cost the process runs. */
  private async claim(ref: WorkRef): Promise<ClaimedTask | undefined> {
    await this.solitude.enter();
    const task = await this.store.claim(ref, this.holder).catch((error: unknown) => {
      this.solitude.leave();
      throw error;
    });
    if (!task) this.solitude.leave();
    return task;
  }

  /**
   * Where it cannot be alone it is given back, and only then makes room: who is alone must not take a claim with it that has not begun.
   * Another worker may take it, or this one later.
   */
  private async holdAlone(task: ClaimedTask): Promise<void> {
    const withinMs = this.settings.leaseMs * ALONE_WITHIN_LEASES;
    const got = await this.solitude.seclude(withinMs);
    if (got === 'alone') return this.hold(task).finally(() => this.solitude.leaveAlone());
    const afterMs = got === 'taken' ? TAKEN_AGAIN_MS : withinMs;
    await this.store.again(task, 'it must run alone', { afterMs, counts: false }).finally(() => this.solitude.leave());
  }

  private async hold(task: ClaimedTask): Promise<void> {
    const running = { task, abort: new AbortController() };
    this.running.set(task.leaseToken, running);
    try {
      await withExtractedContext(task.trace ?? undefined, () => this.run(running));
    } finally {
      this.running.delete(task.leaseToken);
    }
  }

  /** One attempt, with its log line and its numbers. */
  private async run(running: Running): Promise<void> {
    const { kind, tenantId, id: taskId, attempt } = running.task;
    setContext({ tenantId, actor: `system:${kind}`, route: kind });
    const startedAt = performance.now();
    let outcome: RunOutcome = 'done';
    let failure: unknown;
    try {
      const attributes = { 'messaging.operation.type': 'process', 'messaging.destination.name': kind };
      await withSpan(`task ${kind}`, attributes, () => this.attempt(running));
    } catch (error) {
      failure = error;
      outcome = await this.failed(running, error);
    }
    const durationMs = Math.round(performance.now() - startedAt);
    jobsMetrics.runSeconds.observe({ kind, outcome }, durationMs / 1000);
    const line = { msg: 'task run', kind, tenantId, taskId, attempt, durationMs, outcome };
    if (outcome === 'done') this.logger.log(line);
    else if (outcome === 'deferred') this.logger.debug(line);
    else this.logger[outcome === 'failed' ? 'error' : 'warn']({ ...line, error: errorText(failure) });
  }

  private async attempt({ task, abort }: Running): Promise<void> {
    const { handler, timeoutMs = DEFAULT_TIMEOUT_MS } = this.handlers.get(task.kind);
    const timer = setTimeout(() => abort.abort(new Error(`not done within ${timeoutMs} ms`)), timeoutMs);
    const aborted = new Promise<never>((_resolve, reject) => {
      abort.signal.addEventListener('abort', () => reject(abort.signal.reason as Error), { once: true });
    });
    try {
      const run = new TaskRun(task, abort.signal, this.work, this.store);
      const effect = await Promise.race([handler.run(run), aborted]);
      await this.work.run({ tenantId: task.tenantId }, async (unit) => {
        if (effect) await this.store.name(unit, task);
        await effect?.(unit);
        await unit.flush();
        await this.store.finish(unit, task);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Records a failed attempt, if it is still this worker's to record. */
  private async failed({ task, abort }: Running, error: unknown): Promise<RunOutcome> {
    if (abort.signal.reason === RELEASED) return 'released';
    if (error instanceof LeaseLost) return 'fenced';
    let outcome: RunOutcome = 'retried';
    try {
      const next = await this.verdict(task, error);
      if (next !== 'dead') {
        if (!next.counts) outcome = 'deferred';
        return (await this.store.again(task, errorText(error), next)) ? outcome : 'fenced';
      }
      outcome = 'failed';
      const reason = isFinal(error) ? 'refused' : 'exhausted';
      return (await this.deaths.bury(task, { reason, error: errorText(error), cause: error })) ? outcome : 'fenced';
    } catch (unreachable) {
      // The lease runs out and the attempt counts all the same.
      this.logger.warn({ msg: 'a failed attempt could not be recorded', taskId: task.id, error: String(unreachable) });
      return outcome;
    }
  }

  private async verdict(task: ClaimedTask, error: unknown): Promise<Pause | 'dead'> {
    if (error instanceof TooEarly) return { afterMs: error.afterMs, counts: false };
    const { backoff, handler } = this.handlers.get(task.kind);
    const own = await handler.judge?.(task, error);
    if (own) return own;
    if (task.attempt >= task.maxAttempts || isFinal(error)) return 'dead';
    return { afterMs: backoffMs(task.attempt, Math.random(), backoff), counts: true };
  }

  /**
   * Renews what runs, on the same event loop as the work, so it cannot beat for work that is stuck. What it lost meanwhile
   * is told to stop; its effect would be refused anyway.
   */
  private async beat(): Promise<void> {
    const silentMs = performance.now() - this.beatAt;
    if (silentMs > this.settings.leaseMs) {
      this.logger.warn({ msg: 'the worker was frozen or cut off from the database', silentMs: Math.round(silentMs) });
    }
    const tokens = [...this.running.keys()];
    const { concurrency: slots, leaseMs } = this.settings;
    const state = { slots, busy: this.inUse, draining: this.draining };
    const kept = await this.registry.beat(state, { tokens, leaseMs });
    for (const token of tokens) if (!kept.has(token)) this.running.get(token)?.abort.abort(new LeaseLost());
    this.beatAt = performance.now();
  }
}

/** Whether the work will be taken for poison if this worker too dies over it: it must then take no other work with it. */
function isSuspect({ losses }: ClaimedTask): boolean {
  return losses + 1 >= MOST_LOSSES;
}

/** Whether another attempt cannot help: a refusal of the domain that is about the request, not about the moment. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof DomainError)) return false;
  const { status } = PROBLEMS[error.problem];
  return status < 500 && ![409, 423, 429].includes(status);
}

/** What is kept of an error: it may quote what it failed on, so without secrets and not endless. */
function errorText(error: unknown): string {
  return redactText(error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, ERROR_LENGTH);
}
