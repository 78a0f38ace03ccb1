import { Migration } from '@mikro-orm/migrations';

/**
 * Stock by price, nothing priced first. Under row-level security PostgreSQL takes `coalesce` for a function that may tell of rows it
 * must not show, and keeps a bound on it out of the index; `case` it knows to be silent.
 */
export class InventoryPriceOrder extends Migration {
  override up(): void {
    for (const slot of ['a', 'b']) {
      this.addSql(`drop index inventory.stock_row_price_${slot}`);
      this.addSql(`create index stock_row_price_${slot} on inventory.stock_row_${slot}
        (tenant_id, (case when price_amount is null then -1 else price_amount end), item_id)`);
    }
  }
}
