const TICK_MS = 500;

/** Measures how late timers run, which is how long one piece of work kept all others waiting. */
export class EventLoopWatch {
  private dueAt = performance.now() + TICK_MS;
  private lastLagMs = 0;
  private readonly timer = setInterval(() => this.tick(), TICK_MS).unref();

  /** The lag of the last tick, or of the one that is overdue now. */
  lagMs(): number {
    return Math.max(this.lastLagMs, performance.now() - this.dueAt);
  }

  stop(): void {
    clearInterval(this.timer);
    this.dueAt = Infinity;
  }

  private tick(): void {
    const now = performance.now();
    this.lastLagMs = Math.max(0, now - this.dueAt);
    this.dueAt = now + TICK_MS;
  }
}
