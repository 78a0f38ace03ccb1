import { Part } from './part.mjs';

/** Everything this launcher runs, stopped in the opposite order of need: apps first, then what they lean on. */
export class Parts {
  #parts = [];
  closed = false;

  /**
   * @param {import('./run-record.mjs').RunRecord} record
   * @param {(line: string) => void} print
   */
  constructor(record, print) {
    this.record = record;
    this.print = print;
  }

  /**
   * Starts a part and keeps it running.
   * @param {import('./part.mjs').PartOptions} options
   */
  async start(options) {
    if (this.closed) throw new Error(`${options.name} is not started any more: everything is being stopped`);
    const part = new Part(options, this.record, this.print);
    this.#parts.push(part);
    await part.start();
  }

  /**
   * @param {AbortSignal} [hurry] cuts every grace short
   */
  async stop(hurry) {
    this.closed = true;
    for (const rank of [isApp, isRedis, () => true]) {
      const now = this.#parts.filter((part) => rank(part.options.name));
      this.#parts = this.#parts.filter((part) => !now.includes(part));
      await Promise.all(now.map((part) => part.stop(hurry)));
    }
  }
}

const isRedis = (name) => name === 'Redis';
const isApp = (name) => name === 'api' || name === 'worker';
