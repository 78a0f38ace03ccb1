/** Where the time comes from. Domain code never reads a clock: it is handed an instant or a Clock. */
export interface Clock {
  now(): Date;
}

/** The process's clock: for logs, caches and file names. Deadlines and holds are judged by the database's clock. */
export const systemClock: Clock = { now: () => new Date() };

/** A clock that stands still until told otherwise: for tests. */
export class ManualClock implements Clock {
  constructor(private instant: Date = new Date('2026-01-01T00:00:00.000Z')) {}

  now(): Date {
    return new Date(this.instant);
  }

  advance(ms: number): void {
    this.instant = new Date(this.instant.getTime() + ms);
  }
}
