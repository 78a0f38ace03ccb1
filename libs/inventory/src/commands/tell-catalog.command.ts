import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { SetStockStatus } from '#libs/catalog';
import { FromOutbox } from '#platform/eventing';
import type { Actor } from '#platform/kernel';
import { Bus, UnitOfWork } from '#platform/persistence';
import { releasesOf } from '../releases.js';

/** The command of the outbox that brings the catalogue up to date. */
export const TELL_CATALOG = 'inventory.tell-catalog';

/** The most that the catalogue counts. */
const MOST = 2_147_483_647;

/** Tells the catalogue how many copies of some releases can be sold now. Sent again, it tells the same or something newer. */
export class TellCatalog extends Command<void> {
  constructor(
    readonly actor: Actor,
    readonly changed: {
      /** UUIDs of items whose releases are meant. */
      readonly itemIds: readonly string[];
      /** UUIDs of releases that were merged into others. */
      readonly releaseIds: readonly string[];
    },
  ) {
    super();
  }
}

@FromOutbox({
  command: TELL_CATALOG,
  message: (actor, { itemIds, releaseIds }) =>
    new TellCatalog(actor, { itemIds: itemIds as string[], releaseIds: releaseIds as string[] }),
})
@CommandHandler(TellCatalog)
export class TellCatalogHandler implements ICommandHandler<TellCatalog> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly bus: Bus,
  ) {}

  async execute({ actor, changed: { itemIds, releaseIds } }: TellCatalog): Promise<void> {
    const unit = this.work.current();
    const sums = await unit.rows<{ releaseId: string; available: number }>(AVAILABLE, [
      actor.tenantId,
      itemIds,
      releaseIds,
    ]);
    if (sums.length === 0) return;
    // Copies of a release that was merged count for the one that lives on, and no longer for the one that is gone.
    const facts = await releasesOf(
      this.bus,
      actor,
      sums.map(({ releaseId }) => releaseId),
    );
    const survivors = sums.map(({ releaseId }) => facts.get(releaseId)?.id ?? releaseId);
    const released = sums.map(({ releaseId }) => releaseId);
    const whole = await unit.rows<{ survivor: string; available: number }>(OF_SURVIVORS, [
      actor.tenantId,
      survivors,
      released,
    ]);
    const gone = released.filter((releaseId) => !survivors.includes(releaseId));
    const items = [
      ...gone.map((releaseId) => ({ releaseId, available: 0 })),
      ...whole.map(({ survivor, available }) => ({ releaseId: survivor, available: Math.min(MOST, available) })),
    ];
    await this.bus.execute(new SetStockStatus(actor, { items }));
  }
}

const SUM = `coalesce(sum(a.on_hand - a.held - a.allocated) filter (where i.status = 'available'), 0)::bigint as available`;

const AVAILABLE = `
  select i.release_id as "releaseId", ${SUM}
    from inventory.item i left join inventory.availability a on a.tenant_id = $1 and a.item_id = i.id
   where i.tenant_id = $1
     and (i.release_id = any($3) or i.release_id in (select release_id from inventory.item where tenant_id = $1 and id = any($2)))
   group by i.release_id`;

/** Of releases that live on: copies received under them, or under those that were merged into them. */
const OF_SURVIVORS = `
  select r.survivor, ${SUM}
    from (select n.survivor, n.release_id from unnest($2::uuid[], $3::uuid[]) as n (survivor, release_id)
          union
          select id, id from unnest($2::uuid[]) as id
          union
          select f.merged_into, f.release_id from inventory.release_fact f where f.tenant_id = $1 and f.merged_into = any($2)) r
    left join inventory.item i on i.tenant_id = $1 and i.release_id = r.release_id
    left join inventory.availability a on a.tenant_id = $1 and a.item_id = i.id
   group by r.survivor`;
