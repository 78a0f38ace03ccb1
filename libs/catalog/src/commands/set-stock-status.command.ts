import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { ReleaseCache } from '../release-cache.js';

/** How many copies of a release can be sold now. */
export interface StockStatus {
  readonly releaseId: string;
  /** From 0. */
  readonly available: number;
}

/** Inventory tells what is in stock of releases, in bulk; of a release that is named twice the last word counts. */
export class SetStockStatus extends Command<void> {
  constructor(
    readonly actor: Actor,
    readonly input: { readonly items: readonly StockStatus[] },
  ) {
    super();
  }
}

@CommandHandler(SetStockStatus)
export class SetStockStatusHandler implements ICommandHandler<SetStockStatus> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cache: ReleaseCache,
  ) {}

  async execute({ input }: SetStockStatus): Promise<void> {
    const unit = this.work.current();
    const latest = new Map(input.items.map(({ releaseId, available }) => [releaseId, available]));
    if (latest.size === 0) return;
    await unit.prepared('catalog.set-stock', SET, [unit.tenantId, [...latest.keys()], [...latest.values()]]);
    this.cache.changed(unit, [...latest.keys()]);
  }
}

/** In the order of the ids, so that two units never wait for each other. A number that stays writes nothing. */
const SET = `
  insert into catalog.release_stock as s (tenant_id, release_id, available)
  select $1::uuid, u.id, u.available from unnest($2::uuid[], $3::integer[]) as u (id, available) order by u.id
      on conflict (tenant_id, release_id) do update set available = excluded.available
   where s.available <> excluded.available`;
