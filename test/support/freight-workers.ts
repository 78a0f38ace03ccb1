import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { JobsOptions } from '#platform/jobs';
import { CODE_CACHE } from './project.js';
import { eventually } from './redis-server.js';

const SCRIPT = fileURLToPath(new URL('freight-worker.mjs', import.meta.url));

/** Where a worker kills itself: before its records are read, after, after the target has taken them, after the log, at the end. */
export const STEPS = ['claimed', 'read', 'applied', 'logged', 'finishing', 'finished', 'committed'] as const;
export type Step = (typeof STEPS)[number];

/** What a worker is told. */
export interface WorkerOrders {
  readonly databaseUrl: string;
  readonly redisUrl?: string;
  readonly uploads: string;
  readonly jobs?: Partial<JobsOptions>;
  /** Each call of the target takes so long. */
  readonly delayMs?: number;
  /** Where records go: to the additive target, or to it and then to catalogue and inventory. Default: additive. */
  readonly targets?: 'additive' | 'both';
  /** Its first call of the target blocks its event loop until this file is there, with the transaction open. */
  readonly blockUntil?: string;
  /** Where it kills itself, and the how many-th time it comes there. */
  readonly fault?: { readonly step: Step; readonly nth: number };
}

/** A worker in a process of its own. */
export class FreightWorker {
  readonly said: string[] = [];

  private constructor(private readonly child: ChildProcess) {
    child.stdout?.on('data', (data: Buffer) => this.said.push(...data.toString().trim().split('\n')));
    child.stderr?.on('data', (data: Buffer) => this.said.push(`stderr ${data.toString()}`));
  }

  /** Starts it; it works once this resolves. */
  static async start({ jobs, ...orders }: WorkerOrders): Promise<FreightWorker> {
    const short = { concurrency: 2, leaseMs: 1_000, pollEveryMs: 100, redispatchAfterMs: 400, ...jobs };
    const env = {
      ...process.env,
      NODE_OPTIONS: '',
      NODE_COMPILE_CACHE: CODE_CACHE,
      WORKER: JSON.stringify({ ...orders, jobs: short }),
    };
    const worker = new FreightWorker(spawn(process.execPath, [SCRIPT], { env, stdio: ['ignore', 'pipe', 'pipe'] }));
    await eventually(
      'the worker is ready',
      () => {
        if (worker.isGone && !worker.said.includes('ready'))
          throw new Error(`the worker died: ${worker.said.join(' | ')}`);
        return worker.said.includes('ready');
      },
      30_000,
    );
    return worker;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get isGone(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Waits until it has died by itself. */
  async gone(withinMs = 20_000): Promise<void> {
    await eventually('the worker has died', () => this.isGone, withinMs);
  }

  async kill(): Promise<void> {
    if (this.isGone) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }

  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  /** Asks it to leave. @returns its exit code and how long it took, in ms */
  async leave(): Promise<{ code: number | null; tookMs: number }> {
    const startedAt = performance.now();
    const gone = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await gone;
    return { code: this.child.exitCode, tookMs: performance.now() - startedAt };
  }
}

/** Workers of a test that all end with it. */
export class FreightWorkers {
  private readonly all: FreightWorker[] = [];

  constructor(private readonly common: WorkerOrders) {}

  async start(orders: Partial<WorkerOrders> = {}): Promise<FreightWorker> {
    const worker = await FreightWorker.start({ ...this.common, ...orders });
    this.all.push(worker);
    return worker;
  }

  async killAll(): Promise<void> {
    for (const worker of this.all) worker.thaw();
    await Promise.all(this.all.map((worker) => worker.kill()));
  }
}
