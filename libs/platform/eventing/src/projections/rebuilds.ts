import { Inject, Injectable, Logger } from '@nestjs/common';
import { pgCode, type Unit } from '#platform/persistence';
import {
  beginBuild,
  type Build,
  changeWish,
  claimBuild,
  dropBuild,
  lockBuilds,
  moveBuild,
  NOT_CLEARED,
} from './builds.js';
import { Pages } from './pages.js';
import { parkedName, type Subscriber } from './subscriber.js';
import { TenantUnits } from './tenant-units.js';

/** Rows removed in one transaction. */
const CLEAR_ROWS = 10_000;
/** The flip gives up rather than let the live build wait for longer. */
const FLIP_LOCK_TIMEOUT = '2s';
/** An inline read model's writers are kept waiting for no longer; with bulk units under way it takes several attempts. */
const DRAIN_LOCK_TIMEOUT = '250ms';
/** Rest after a flip that found them too busy, so that attempts do not add up to a stop. */
const BUSY_MS = 1_000;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Builds a read model anew in the slot that is not shown: empties it, lets it catch up, and lets the view turn to it in one
 * transaction. Readers see the old one until then; it is kept until the next rebuild.
 */
@Injectable()
export class Rebuilds {
  private readonly logger = new Logger('Eventing');
  private readonly busyUntil = new Map<string, number>();

  constructor(
    @Inject(TenantUnits) private readonly units: TenantUnits,
    @Inject(Pages) private readonly pages: Pages,
  ) {}

  /** Begins the rebuild that the operator asked for, unless one is under way. */
  async begin(subscriber: Subscriber): Promise<void> {
    await this.units.run(async (unit) => {
      const builds = await lockBuilds(unit, subscriber.name);
      const wished = builds.filter(({ wish }) => wish === 'rebuild');
      for (const build of wished) await changeWish(unit, build, 'rebuild', null);
      const isUnderWay = builds.some(({ status }) => status === 'catching_up');
      if (wished.length > 0 && !isUnderWay) await beginBuild(unit, subscriber, builds);
    });
  }

  /**
   * Empties the slot of a build, tenant by tenant: for a new one, or because the operator drops it.
   * @returns whether it is empty and the build can begin, or is gone
   */
  async clear(subscriber: Subscriber, build: Build): Promise<boolean> {
    if (build.shard !== 0) return false;
    for (let tenantId = await this.tenantAfter(null); tenantId; tenantId = await this.tenantAfter(tenantId)) {
      let removed: number | undefined;
      do {
        removed = await this.clearSome(subscriber, build, tenantId);
        if (removed === undefined) return false;
      } while (removed > 0);
    }
    await this.units.run(async (unit) => {
      if (build.wish === 'drop') return void (await dropBuild(unit, build));
      const builds = await lockBuilds(unit, build.name);
      const cleared = builds.filter(({ slot, position }) => slot === build.slot && position === NOT_CLEARED);
      for (const shard of cleared) await moveBuild(unit, shard, 0);
    });
    return true;
  }

  /** Whoever has rows in a read model has events. */
  private async tenantAfter(last: string | null): Promise<string | undefined> {
    const sql = `select tenant_id as "tenantId" from es.events where ($1::uuid is null or tenant_id > $1) order by tenant_id limit 1`;
    return (await this.units.run((unit) => unit.row<{ tenantId: string }>(sql, [last])))?.tenantId;
  }

  /** Removes some rows of a tenant and says how many; undefined when another has the build. */
  private clearSome({ views }: Subscriber, build: Build, tenantId: string): Promise<number | undefined> {
    const parked = { table: 'es.parked', where: 'name = $2', values: [parkedName(build.name, build.slot)] };
    const tables = views.map((view) => ({ table: `${view}_${build.slot}`, where: 'true', values: [] }));
    return this.units.run(async (unit) => {
      const claimed = await claimBuild(unit, build);
      if (claimed?.position !== NOT_CLEARED && claimed?.wish !== 'drop') return undefined;
      return this.units.as(unit, tenantId, async (part) => {
        let removed = 0;
        for (const { table, where, values } of [parked, ...tables]) {
          const some = `select ctid from ${table} where tenant_id = $1 and ${where} limit ${CLEAR_ROWS}`;
          removed += await part.run(`delete from ${table} where ctid = any(array(${some}))`, [tenantId, ...values]);
        }
        return removed;
      });
    });
  }

  /**
   * Lets a build that is less than a page behind take over: applies the rest while both stand still, then flips.
   * @param upTo a position up to which the feed is complete
   * @returns whether it is live now
   */
  async flip(subscriber: Subscriber, upTo: number): Promise<boolean> {
    if (performance.now() < (this.busyUntil.get(subscriber.name) ?? 0)) return false;
    try {
      return await this.units.run((unit) => this.flipIn(unit, subscriber, upTo));
    } catch (error) {
      if (pgCode(error) !== LOCK_NOT_AVAILABLE) throw error;
      this.busyUntil.set(subscriber.name, performance.now() + BUSY_MS);
      return false;
    }
  }

  private async flipIn(unit: Unit, subscriber: Subscriber, readable: number): Promise<boolean> {
    await unit.run(`set local lock_timeout = '${FLIP_LOCK_TIMEOUT}'`);
    const builds = await lockBuilds(unit, subscriber.name);
    const upTo = subscriber.kind === 'inline' ? await this.drain(unit, subscriber) : readable;
    if (upTo === undefined) return false;
    const fresh = builds.filter(({ status, version }) => status === 'catching_up' && version === subscriber.version);
    const live = builds.filter(({ status }) => status === 'live');
    // The live one may have come further, by another worker's fence: readers must not be taken back.
    const target = Math.max(upTo, ...live.map(({ position }) => position));
    const isNear = ({ position, paused }: Build): boolean => !paused && target - position <= subscriber.pageSize;
    if (fresh.length === 0 || !fresh.every(isNear)) return false;
    for (const build of fresh) await this.finish(unit, subscriber, build, target);
    // An inline one has been written up to here without the feed: from here it would catch up if it were turned back to.
    if (subscriber.kind === 'inline') for (const build of live) await moveBuild(unit, build, target);
    await unit.run(FLIP, [subscriber.name, fresh[0]?.slot]);
    this.logger.log({ msg: 'a rebuilt read model is live', projection: subscriber.name, slot: fresh[0]?.slot });
    return true;
  }

  /**
   * Keeps all who append to an inline read model away until this transaction ends. Those that had begun have ended then, so
   * that everything of it up to the last drawn position can be read.
   * @returns that position; undefined where the new build lacks parked events: rules rest on these rows
   */
  private async drain(unit: Unit, { name }: Subscriber): Promise<number | undefined> {
    const [parked] = await unit.rows('select 1 from es.parked where name in ($1, $2) limit 1', [
      parkedName(name, 'a'),
      parkedName(name, 'b'),
    ]);
    if (parked) return undefined;
    await unit.run(`set local lock_timeout = '${DRAIN_LOCK_TIMEOUT}'`);
    await unit.row('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`es.inline ${name}`]);
    const [drawn] = await unit.rows<{ position: number }>(DRAWN);
    return drawn?.position;
  }

  private async finish(unit: Unit, subscriber: Subscriber, build: Build, target: number): Promise<void> {
    let { position } = build;
    while (position < target) {
      position = await this.pages.advance(unit, subscriber, { ...build, position }, { upTo: target, careful: false });
    }
  }
}

const DRAWN = 'select case when is_called then last_value else 0 end as position from es.event_position';
/** What was asked of the build that is retired went with it: nobody looks at it any more. */
const FLIP = `update es.projections set status = case when slot = $2 then 'live' else 'retired' end,
    wish = case when slot = $2 then wish end, updated_at = now() where name = $1`;
