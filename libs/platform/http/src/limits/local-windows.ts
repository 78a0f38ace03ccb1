import type { Bucket, Verdict } from './bucket.js';

/** Buckets remembered at most; beyond it the oldest is forgotten, so that made-up keys cannot fill the memory. */
const MOST_BUCKETS = 20_000;

interface Window {
  used: number;
  endsAt: number;
}

/** Fixed windows in this process's memory. With n processes each grants an n-th of a limit, and at least one request. */
export class LocalWindows {
  private readonly windows = new Map<string, Window>();

  constructor(
    private readonly processes: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Counts one request against all buckets, or against none when one is full. */
  consume(buckets: readonly Bucket[]): Verdict {
    const now = this.now();
    const open = buckets.map((bucket) => ({ bucket, window: this.window(bucket, now), share: this.share(bucket) }));
    const allowed = open.every(({ window, share }) => window.used < share);
    if (allowed) for (const { window } of open) window.used += 1;
    return {
      allowed,
      states: open.map(({ window, share }) => ({
        remaining: Math.max(0, share - window.used),
        resetMs: window.endsAt - now,
      })),
    };
  }

  private share({ limit }: Bucket): number {
    return Math.max(1, Math.floor(limit / this.processes));
  }

  private window({ key, windowMs }: Bucket, now: number): Window {
    const known = this.windows.get(key);
    if (known && known.endsAt > now) return known;
    this.windows.delete(key);
    const oldest = this.windows.keys().next().value;
    if (this.windows.size >= MOST_BUCKETS && oldest !== undefined) this.windows.delete(oldest);
    const window = { used: 0, endsAt: now + windowMs };
    this.windows.set(key, window);
    return window;
  }
}
