import type { Clock, KeyActor } from '#platform/kernel';

/** Requests of one key on one day. */
export interface UsageCount {
  readonly tenantId: string;
  readonly apiKeyId: string;
  /** `YYYY-MM-DD`, UTC. */
  readonly day: string;
  requests: number;
  /** Of them, refused by a limit (429). */
  refused: number;
  /** Of them, failed on our side (5xx). */
  errors: number;
}

/** Counts requests in memory, until somebody writes them down. */
export class UsageCounters {
  private counts = new Map<string, UsageCount>();

  constructor(private readonly clock: Clock) {}

  /** One request was answered. */
  add({ tenantId, keyId: apiKeyId }: KeyActor, status: number): void {
    const day = this.clock.now().toISOString().slice(0, 10);
    const count = this.at({ tenantId, apiKeyId, day, requests: 0, refused: 0, errors: 0 });
    count.requests += 1;
    if (status === 429) count.refused += 1;
    if (status >= 500) count.errors += 1;
  }

  /** Takes out what has been counted. */
  drain(): UsageCount[] {
    const counts = [...this.counts.values()];
    this.counts = new Map();
    return counts;
  }

  /** Gives back what could not be written. */
  giveBack(counts: readonly UsageCount[]): void {
    for (const given of counts) {
      const count = this.at({ ...given, requests: 0, refused: 0, errors: 0 });
      count.requests += given.requests;
      count.refused += given.refused;
      count.errors += given.errors;
    }
  }

  private at(zero: UsageCount): UsageCount {
    const key = `${zero.apiKeyId} ${zero.day}`;
    const known = this.counts.get(key);
    if (known) return known;
    this.counts.set(key, zero);
    return zero;
  }
}
