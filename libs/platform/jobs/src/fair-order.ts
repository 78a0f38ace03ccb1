import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '#platform/persistence';
import { DispatchStore, type ReadyTenant, type Taken } from './dispatch-store.js';
import { JOBS_SETTINGS, type JobsSettings } from './options.js';
import { Turns } from './turns.js';

/** Looked at beyond those that can be served: some are paused, or have only work of kinds that nobody here knows. */
const SPARE_TENANTS = 8;
/** Pages of tenants per round; where so many are paused, the next round goes on from there. */
const MOST_PAGES = 50;
const FIRST_TENANT = '00000000-0000-0000-0000-000000000000';
const LAST_TENANT = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** What a round of the dispatcher needs to know. */
export interface Round {
  readonly kinds: readonly string[];
  readonly room: number;
  readonly againOnly: boolean;
}

/** Picks due work in fair order: tenants in a ring, each by what it has in flight and its weight, then lanes, then jobs. */
@Injectable()
export class FairOrder {
  private readonly turns: Turns;
  private position = FIRST_TENANT;

  constructor(
    @Inject(DispatchStore) private readonly store: DispatchStore,
    @Inject(JOBS_SETTINGS) settings: JobsSettings,
  ) {
    this.turns = new Turns(settings.ageMs);
  }

  /** Marks as much as there is room for as handed over, in the order in which it is to be. */
  async pick(unit: Unit, { kinds, room, againOnly }: Round): Promise<Taken[]> {
    if (room <= 0) return [];
    const tenants = await this.candidates(unit, { kinds, room, againOnly });
    const { takes, bucketsLeft } = this.turns.share(room, tenants, { nowMs: performance.now(), againOnly });
    if (takes.length === 0) return [];
    const taken = await this.store.take(unit, kinds, takes);
    await this.store.spend(unit, bucketsLeft);
    this.turns.taken(taken);
    // Takes stand in the order of the ring.
    this.position = after(takes.at(-1)?.tenantId ?? FIRST_TENANT);
    return taken;
  }

  /**
   * Tenants from the ring's position on: all of them, or so many that every place can go to one that has nothing in flight.
   */
  private async candidates(unit: Unit, { kinds, room, againOnly }: Round): Promise<ReadyTenant[]> {
    const found = new Map<string, ReadyTenant>();
    let isRound = false;
    let from = this.position;
    for (let page = 0; page < MOST_PAGES; page++) {
      const asked = room + SPARE_TENANTS;
      const tenants = await this.store.tenants(unit, { kinds, from, tenants: asked, upTo: room, againOnly });
      for (const tenant of tenants) {
        if (isRound && tenant.tenantId >= this.position) return [...found.values()];
        found.set(tenant.tenantId, tenant);
      }
      if ([...found.values()].filter(isIdle).length >= room) break;
      const last = tenants.at(-1)?.tenantId;
      if (tenants.length === asked && last !== undefined && last !== LAST_TENANT) from = after(last);
      else if (isRound || this.position === FIRST_TENANT) break;
      else [isRound, from] = [true, FIRST_TENANT];
    }
    return [...found.values()];
  }
}

/** Whether a tenant can be served and has nothing in flight: nobody else goes before it. */
function isIdle({ paused, inFlight, ready }: ReadyTenant): boolean {
  return !paused && inFlight === 0 && ready.some((count) => count > 0);
}

/** The next id in order. */
function after(uuid: string): string {
  if (uuid === LAST_TENANT) return FIRST_TENANT;
  const hex = (BigInt(`0x${uuid.replaceAll('-', '')}`) + 1n).toString(16).padStart(32, '0');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
