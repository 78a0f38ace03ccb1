import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { EventStore } from '#platform/eventing';
import { Instant, notFound } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { item } from '../domain/item.js';
import { type StockItemView, stockItemView } from '../inventory.views.js';
import { itemStream } from '../stock.js';

export class GetStockItemParameters {
  @Instant({ optional: true, description: 'Show the item as it was at this instant.' })
  readonly asOf?: string;
}

/** A stock item as it is, or as it was at an instant. */
export class GetStockItem extends Query<StockItemView> {
  /** @param asOf the instant; absent: now */
  constructor(
    readonly actor: Actor,
    readonly itemId: string,
    readonly asOf?: string,
  ) {
    super();
  }
}

@QueryHandler(GetStockItem)
export class GetStockItemHandler implements IQueryHandler<GetStockItem> {
  constructor(private readonly events: EventStore) {}

  async execute({ actor, itemId, asOf }: GetStockItem): Promise<StockItemView> {
    const stream = itemStream(actor.tenantId, itemId);
    const found =
      asOf === undefined
        ? await this.events.load(stream, item)
        : await this.events.readAt(stream, item, { time: new Date(asOf) });
    if (found.state.status === 'none') throw notFound();
    return stockItemView(itemId, found);
  }
}
