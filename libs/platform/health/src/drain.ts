import { Logger } from '@nestjs/common';

/** What a process does between SIGTERM and its end. */
export interface DrainPlan {
  /** Says "not ready" from now on. */
  readonly beginDrain: () => void;
  /** Ends what is under way: stop accepting, answer, close pools and queues. */
  readonly close: () => Promise<void>;
  /** After this long the process leaves whatever is still open (api 25 s, worker 28 s). */
  readonly hardExitMs: number;
}

/** Ends the process on SIGTERM or SIGINT, gracefully, and by force when something hangs. A second signal is not needed. */
export function drainOnSignal({ beginDrain, close, hardExitMs }: DrainPlan): void {
  const logger = new Logger('Shutdown');
  let draining = false;
  const drain = (signal: NodeJS.Signals): void => {
    if (draining) return;
    draining = true;
    logger.log({ msg: 'draining', signal });
    beginDrain();
    setTimeout(() => {
      logger.error({ msg: 'drain took too long, leaving', afterMs: hardExitMs });
      process.exit(1);
    }, hardExitMs).unref();
    close().then(
      () => {
        logger.log({ msg: 'drained' });
        process.exit(0);
      },
      (error: unknown) => {
        logger.error({ msg: 'drain failed', error: String(error) });
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', drain);
  process.on('SIGINT', drain);
}
