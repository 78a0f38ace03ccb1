import { Logger } from '@nestjs/common';

/** Pause after a round that failed, so that a database that is down is not asked without end. */
const AFTER_FAILURE_MS = 250;

/**
 * Does the same thing again and again, never twice at once. Each round answers how long to rest, in ms; `poke` ends the rest.
 * A failure is logged when it begins and when it is over.
 */
export class Loop {
  private readonly logger = new Logger('Eventing');
  private running: Promise<void> | undefined;
  private stopped = false;
  private poked = false;
  private failing = false;
  private wake: () => void = () => undefined;

  constructor(
    private readonly name: string,
    private readonly round: () => Promise<number>,
  ) {}

  start(): void {
    this.running ??= this.run();
  }

  /** Makes the next round begin now, or right after the one that runs. */
  poke(): void {
    this.poked = true;
    this.wake();
  }

  /** Resolves when the last round is over. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      this.poked = false;
      const restMs = await this.attempt();
      if (!this.poked && !this.stopped) await this.rest(restMs);
    }
  }

  private async attempt(): Promise<number> {
    try {
      const restMs = await this.round();
      if (this.failing) this.logger.log({ msg: 'works again', what: this.name });
      this.failing = false;
      return restMs;
    } catch (error) {
      if (!this.failing) this.logger.error({ msg: 'does not work', what: this.name, error: String(error) });
      this.failing = true;
      return AFTER_FAILURE_MS;
    }
  }

  private async rest(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.wake = resolve;
    await promise;
    clearTimeout(timer);
  }
}
