import { Logger } from '@nestjs/common';

/**
 * Does the same thing again and again, never twice at once. A failure is logged when it begins and when it is over, not
 * every time in between.
 */
export class Ticker {
  private readonly logger = new Logger('Jobs');
  private loop: Promise<void> | undefined;
  private stopped = false;
  private poked = false;
  private failing = false;
  private wake: () => void = () => undefined;
  private restMs: number | undefined;

  constructor(
    private readonly name: string,
    private readonly everyMs: number,
    private readonly work: () => Promise<void>,
  ) {}

  /** Begins at once. The rounds run outside whatever calls `poke` later, so none inherits a unit of work. */
  start(): void {
    this.loop ??= this.run();
  }

  /** Makes the next round begin now, or right after the one that runs. */
  poke(): void {
    this.poked = true;
    this.wake();
  }

  /** To be called in a round: the next one begins earlier than usual. */
  restAtMost(ms: number): void {
    this.restMs = Math.min(ms, this.restMs ?? Infinity);
  }

  /** Resolves when the last round is over. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      this.poked = false;
      this.restMs = undefined;
      await this.round();
      if (!this.poked && !this.stopped) await this.rest();
    }
  }

  private async round(): Promise<void> {
    try {
      await this.work();
      if (this.failing) this.logger.log({ msg: 'works again', what: this.name });
      this.failing = false;
    } catch (error) {
      if (!this.failing) this.logger.error({ msg: 'does not work', what: this.name, error: String(error) });
      this.failing = true;
    }
  }

  private async rest(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.min(this.everyMs, this.restMs ?? Infinity));
    this.wake = resolve;
    await promise;
    clearTimeout(timer);
  }
}
