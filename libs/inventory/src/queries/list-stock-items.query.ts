import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { CursorCodec, ListPlan, type ListRequest, type Page, pageOf } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { liveTable } from '../live-table.js';
import { listedFrom, STOCK_ITEMS, STOCK_ROW_COLUMNS, type StockRow } from '../stock-list.js';
import { type ListedItemView, listedItemView } from '../stock-list.views.js';

/** The store's stock items. Those that were written off are left out unless the status is asked for. */
export class ListStockItems extends Query<Page<ListedItemView>> {
  constructor(
    readonly actor: Actor,
    readonly request: ListRequest,
  ) {
    super();
  }
}

@QueryHandler(ListStockItems)
export class ListStockItemsHandler implements IQueryHandler<ListStockItems> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: CursorCodec,
  ) {}

  async execute({ actor: { tenantId }, request }: ListStockItems): Promise<Page<ListedItemView>> {
    const unit = this.work.current();
    const table = await liveTable(unit, 'inventory.stock-list', 'inventory.stock_row');
    const list = new ListPlan(STOCK_ITEMS, request, { tenantId, cursors: this.cursors, values: [tenantId] });
    return pageOf<StockRow, ListedItemView>(unit, list, {
      columns: STOCK_ROW_COLUMNS,
      from: listedFrom(table, request),
      view: listedItemView,
    });
  }
}
