import { ApiProperty } from '#api-document';
import { IdOf, Instant, MoneyValue } from '#platform/http';
import { formatId, type Money } from '#platform/kernel';
import { type MediaGrade, MEDIA_GRADES, type SleeveGrade, SLEEVE_GRADES } from './domain/grades.js';
import type { ShownStatus } from './inventory.views.js';
import type { StockRow } from './stock-list.js';

/** A stock item as lists show it. */
export class ListedItemView {
  @IdOf('stockItem')
  id!: string;
  /** What it is a copy of: where releases were merged, the one that lives on. */
  @IdOf('release')
  releaseId!: string;
  /** @example "Miles Davis" */
  artist!: string;
  /** @example "Kind of Blue" */
  title!: string;
  /** @example ["Jazz"] */
  genres!: string[];
  kind!: 'single' | 'pool';
  status!: ShownStatus;
  reason!: string | null;
  /** @example "7K2M9QXT4B6C" */
  code!: string;
  sku!: string | null;
  @ApiProperty({ enum: MEDIA_GRADES, nullable: true })
  mediaGrade!: MediaGrade | null;
  @ApiProperty({ enum: SLEEVE_GRADES, nullable: true })
  sleeveGrade!: SleeveGrade | null;
  @MoneyValue({ nullable: true })
  price!: Money | null;
  @MoneyValue({ nullable: true })
  cost!: Money | null;
  /** @example 1 */
  onHand!: number;
  /** @example 1 */
  free!: number;
  isLow!: boolean;
  /** Where it is. */
  @IdOf('location', { list: { max: 1_000 } })
  locationIds!: string[];
  @Instant()
  receivedAt!: string;
  /**
   * The version that the list has seen; the item itself may be newer by a moment.
   * @example 1
   */
  version!: number;
}

/** A row as callers see it. */
export function listedItemView(row: StockRow): ListedItemView {
  const { id, releaseId, artist, title, genres, kind, status, reason, code, sku, mediaGrade, sleeveGrade } = row;
  return {
    id: formatId('stockItem', id),
    releaseId: formatId('release', releaseId),
    artist,
    title,
    genres,
    kind,
    status,
    reason,
    code,
    sku,
    mediaGrade,
    sleeveGrade,
    price: moneyOf(row.priceAmount, row.priceCurrency),
    cost: moneyOf(row.costAmount, row.costCurrency),
    onHand: row.onHand,
    free: row.onHand - row.reserved,
    isLow: row.isLow,
    locationIds: row.locations.map((locationId) => formatId('location', locationId)),
    receivedAt: row.receivedAt.toISOString(),
    version: row.version,
  };
}

function moneyOf(amount: number | null, currency: string | null): Money | null {
  return amount === null || currency === null ? null : { amount, currency };
}
