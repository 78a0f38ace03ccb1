import { allowedNow, refilled, shareOut } from './fair-share.js';
import type { Group, ReadyTenant, Take, Taken } from './dispatch-store.js';
import { AGAIN, LANES, laneOrder, takesByLane } from './lanes.js';

/** The group before all others. */
const FIRST: Group = { kind: '', parentId: '00000000-0000-0000-0000-000000000000' };
/** Tenants whose turns are remembered; beyond it all are forgotten, which costs nobody more than a turn. */
const REMEMBERED = 10_000;

interface Memory {
  /** Per lane, since when its work has not been served; undefined while nothing waits in it. */
  readonly since: (number | undefined)[];
  /** Per lane, which group had the last turn. */
  readonly last: Group[];
}

/** What to take in a round, and what then is left in the buckets of tenants that have a rate. */
export interface Shares {
  readonly takes: readonly Take[];
  readonly bucketsLeft: ReadonlyMap<string, number>;
}

/** Whose turn it is. Remembered by each dispatcher for itself: what a new one does not know costs nobody more than a turn. */
export class Turns {
  private readonly memories = new Map<string, Memory>();

  /** @param ageMs see `laneOrder` */
  constructor(private readonly ageMs: number) {}

  /** Shares out room among tenants, and a tenant's share among its lanes. @param againOnly only repetitions that are due */
  share(
    room: number,
    tenants: readonly ReadyTenant[],
    { nowMs, againOnly }: { nowMs: number; againOnly: boolean },
  ): Shares {
    const open = tenants.filter((tenant) => !tenant.paused);
    const waiting = ({ ready }: ReadyTenant): number =>
      againOnly ? (ready[AGAIN] ?? 0) : ready.reduce((sum, n) => sum + n, 0);
    const shares = shareOut(
      room,
      open.map((tenant) => ({ ...tenant, limit: Math.min(waiting(tenant), allowedNow(tenant)) })),
    );
    const takes: Take[] = [];
    const bucketsLeft = new Map<string, number>();
    for (const tenant of open) {
      const memory = this.memoryOf(tenant.tenantId);
      const share = shares.get(tenant.tenantId) ?? 0;
      if (tenant.unitsPerMinute !== null && share > 0) bucketsLeft.set(tenant.tenantId, refilled(tenant) - share);
      const waited = memory.since.map((since) => (since === undefined ? 0 : nowMs - since));
      const order = againOnly ? [AGAIN] : laneOrder(waited, this.ageMs);
      takesByLane(share, tenant.ready, order).forEach((count, lane) => {
        const isWaiting = (tenant.ready[lane] ?? 0) > count;
        if (count > 0 || !isWaiting) memory.since[lane] = isWaiting ? nowMs : undefined;
        else memory.since[lane] ??= nowMs;
        if (count > 0) takes.push({ tenantId: tenant.tenantId, lane, count, after: memory.last[lane] ?? FIRST });
      });
    }
    return { takes, bucketsLeft };
  }

  /** Notes whose turn it was. */
  taken(units: readonly Taken[]): void {
    for (const { tenantId, lane, kind, parentId } of units) this.memoryOf(tenantId).last[lane] = { kind, parentId };
  }

  private memoryOf(tenantId: string): Memory {
    if (this.memories.size > REMEMBERED) this.memories.clear();
    const memory = this.memories.get(tenantId) ?? { since: LANES.map(() => undefined), last: LANES.map(() => FIRST) };
    this.memories.set(tenantId, memory);
    return memory;
  }
}
