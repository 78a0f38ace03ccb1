import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff } from './backoff.mjs';
import { tailOf } from './logs.mjs';
import { identify, stopProcess } from './processes.mjs';
import { SetupError, indent } from './setup-error.mjs';
import { seconds } from './steps.mjs';

/** Deaths before it was ever ready after which the start as a whole is given up. */
const ATTEMPTS = 3;
/** Whoever was killed from outside has no cause of its own to tell. */
const KILLED = new Set(['SIGKILL', 'SIGTERM', 'SIGINT']);

/**
 * @typedef {object} PartOptions
 * @property {string} name as the lines on the terminal call it
 * @property {string} logFile where its output goes; its end is shown when it dies
 * @property {() => Promise<{ child: import('node:child_process').ChildProcess, marker: string }>} launch spawns it;
 *   `marker` is a piece of its command line that no other process has
 * @property {(child: import('node:child_process').ChildProcess) => Promise<boolean>} ready whether it came up
 * @property {NodeJS.Signals[]} signals to stop it, each given `graceMs`
 * @property {number} graceMs
 */

/** A process that is kept running until it is told to stop. */
export class Part {
  #stopping = new AbortController();
  #backoff = new Backoff();
  #launching;
  #identity;

  /**
   * @param {PartOptions} options
   * @param {import('./run-record.mjs').RunRecord} record
   * @param {(line: string) => void} print
   */
  constructor(options, record, print = console.log) {
    this.options = options;
    this.record = record;
    this.print = print;
  }

  /** @throws SetupError when it dies again and again, or does not become ready */
  async start() {
    for (let attempt = 1; ; attempt += 1) {
      const life = await this.#launch();
      if (await life.ready) return void this.#watch(life);
      if (this.#stopping.signal.aborted) return;
      if (!life.isOver() || attempt === ATTEMPTS) await this.#giveUp(life);
      await sleep(this.#backoff.delayAfter(0));
    }
  }

  async #giveUp(life) {
    const { name, logFile } = this.options;
    if (life.isOver()) await life.over;
    const what = life.isOver() ? `does not start (${life.how()})` : 'runs but does not become ready';
    throw new SetupError(`${name} ${what}. Its log: ${logFile}`, tailOf(logFile, life.logFrom));
  }

  #launch() {
    this.#launching = this.#spawn();
    return this.#launching;
  }

  async #spawn() {
    const { launch, ready, logFile, name, signals } = this.options;
    if (this.#stopping.signal.aborted) throw new Error(`${name} is being stopped`);
    const logFrom = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
    const { child, marker } = await launch();
    const over = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
    const failure = { error: undefined };
    child.once('error', (error) => (failure.error = error));
    this.#identity = child.pid ? identify(child.pid) : undefined;
    if (this.#identity) this.record.add(name, { ...this.#identity, marker, signals });
    return {
      pid: child.pid,
      logFrom,
      over,
      ready: ready(child),
      isOver: () => !child.pid || child.exitCode !== null || child.signalCode !== null,
      wasKilled: () => KILLED.has(child.signalCode),
      how: () =>
        failure.error?.message ?? (child.signalCode ? `signal ${child.signalCode}` : `exit code ${child.exitCode}`),
    };
  }

  /** Restarts it whenever it dies, one line each. */
  async #watch(life) {
    const { name, logFile } = this.options;
    while (!this.#stopping.signal.aborted) {
      const readySince = performance.now();
      await life.over;
      if (this.#stopping.signal.aborted) return;
      const diedAt = performance.now();
      const delay = this.#backoff.delayAfter(diedAt - readySince);
      this.print(`  ✗ ${name} died (${life.how()}), restarting in ${delay / 1_000} s`);
      const tail = life.wasKilled() ? '' : tailOf(logFile, life.logFrom);
      if (tail) this.print(indent(tail));
      life = await this.#restart(delay);
      if (life && (await life.ready)) {
        this.print(`  ✓ ${name} is back (pid ${life.pid}, ${seconds(performance.now() - diedAt)})`);
      }
    }
  }

  async #restart(delay) {
    await sleep(delay, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    if (!this.#stopping.signal.aborted) return this.#launch();
    return undefined;
  }

  /**
   * Ends it and keeps it ended.
   * @param {AbortSignal} [hurry] cuts the grace short
   */
  async stop(hurry) {
    this.#stopping.abort();
    // A launch under way may be about to spawn: what it starts must be stopped too.
    await this.#launching?.catch(() => undefined);
    if (this.#identity)
      await stopProcess(this.#identity, [...this.options.signals, 'SIGKILL'], this.options.graceMs, hurry);
    this.record.remove(this.options.name);
  }
}
