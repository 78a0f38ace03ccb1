import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { Stock } from '../stock.js';

/** Items tidied in one transaction: their locks are held for some 100 ms at most. */
const MOST_ITEMS = 100;

/** Gives back holds that are over, of items that nobody else asks for. Answers how many items it has tidied. */
export class ReleaseExpiredHolds extends Command<number> {
  constructor(readonly actor: Actor) {
    super();
  }
}

@CommandHandler(ReleaseExpiredHolds)
export class ReleaseExpiredHoldsHandler implements ICommandHandler<ReleaseExpiredHolds> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly stock: Stock,
  ) {}

  async execute({ actor }: ReleaseExpiredHolds): Promise<number> {
    const rows = await this.work.current().rows<{ id: string }>(DUE, [actor.tenantId, MOST_ITEMS]);
    if (rows.length === 0) return 0;
    await this.stock.changeMany(
      rows.map(({ id }) => id),
      (items, now) => Promise.all(items.map((item) => this.stock.afterExpiry(item, now, () => []))),
    );
    return rows.length;
  }
}

const DUE = `
  select distinct l.item_id as id from inventory.reservation_line l
   where l.tenant_id = $1 and l.state = 'held' and l.expires_at <= clock_timestamp() order by l.item_id limit $2`;
