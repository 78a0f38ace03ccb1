/** A tenant that has work waiting. */
export interface Candidate {
  readonly tenantId: string;
  /** Its share against the others', from 1. */
  readonly weight: number;
  /** What it has handed out and not finished. */
  readonly inFlight: number;
  /** How much it can be given now: what is waiting, within its caps. */
  readonly limit: number;
}

/**
 * Shares room for units of work among tenants: each unit goes to the tenant that has the least in flight for its weight, in the
 * given order where several have. No room is left while any tenant may take it, so an unused share is lent.
 * @returns how many units each tenant gets, without those that get none
 */
export function shareOut(room: number, candidates: readonly Candidate[]): Map<string, number> {
  const given = new Map<string, number>();
  for (let left = room; left > 0; left--) {
    let next: Candidate | undefined;
    let least = Infinity;
    for (const candidate of candidates) {
      const got = given.get(candidate.tenantId) ?? 0;
      const load = (candidate.inFlight + got) / candidate.weight;
      if (got >= candidate.limit || load >= least) continue;
      next = candidate;
      least = load;
    }
    if (!next) break;
    given.set(next.tenantId, (given.get(next.tenantId) ?? 0) + 1);
  }
  return given;
}

/** A tenant's own limits and how far they are used. */
export interface Caps {
  readonly inFlight: number;
  readonly maxInFlight: number | null;
  readonly unitsPerMinute: number | null;
  /** What is left of the bucket when it was last looked at. */
  readonly tokens: number;
  /** How long ago that was, in ms. */
  readonly sinceMs: number;
}

/** Seconds of its rate that a tenant may save up. */
const BURST_SECONDS = 10;

/** The bucket as it is now: it fills with the rate, up to ten seconds of it and at least one unit. */
export function refilled({ unitsPerMinute, tokens, sinceMs }: Caps): number {
  if (unitsPerMinute === null) return Infinity;
  const perSecond = unitsPerMinute / 60;
  return Math.min(Math.max(1, perSecond * BURST_SECONDS), tokens + (perSecond * Math.max(0, sinceMs)) / 1_000);
}

/** How many units more the caps allow now. */
export function allowedNow(caps: Caps): number {
  const slots = caps.maxInFlight === null ? Infinity : caps.maxInFlight - caps.inFlight;
  return Math.max(0, Math.min(slots, Math.floor(refilled(caps))));
}
