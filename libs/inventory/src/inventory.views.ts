import { IdOf, Instant, MoneyValue } from '#platform/http';
import { formatId, type Money } from '#platform/kernel';
import { available, type Item, onHand } from './domain/item.js';
import { type MediaGrade, MEDIA_GRADES, type SleeveGrade, SLEEVE_GRADES } from './domain/grades.js';
import type { Rehydrated } from '#platform/eventing';
import { ApiProperty } from '#api-document';

/** Statuses of an item that was received. */
export const ITEM_STATUSES = ['quarantined', 'available', 'withdrawn', 'written_off'] as const;
export type ShownStatus = (typeof ITEM_STATUSES)[number];

/** Units of an item at one location. */
export class LevelView {
  /** `loc_` and 26 letters. */
  @IdOf('location')
  locationId!: string;
  /**
   * Units that are there.
   * @example 1
   */
  onHand!: number;
  /**
   * Those of them that are held or allocated.
   * @example 0
   */
  reserved!: number;
}

/** Where an item came from. */
export class ProvenanceView {
  /** @example "manual" */
  kind!: 'manual' | 'import' | 'submission' | 'purchase';
  /** The system it was imported from. */
  source!: string | null;
  /** How it is known again within that system. */
  key!: string | null;
  /** Of the submission line, the import or the purchase. */
  reference!: string | null;
}

/** A stock item: one graded copy, or a pool of identical units. */
export class StockItemView {
  /** `itm_` and 26 letters. */
  @IdOf('stockItem')
  id!: string;
  /** What it is a copy of. */
  @IdOf('release')
  releaseId!: string;
  /** `single` is one graded copy, `pool` a number of identical units. */
  kind!: 'single' | 'pool';
  /** `available` is for sale; `written_off` is for ever. */
  status!: ShownStatus;
  /** Why it is not for sale, such as `needs_grading` or `needs_price`. */
  reason!: string | null;
  /** Until when a quarantined item waits. */
  @Instant({ nullable: true })
  holdUntil!: string | null;
  /**
   * On its label; unique in the store.
   * @example "7K2M9QXT4B6C"
   */
  code!: string;
  /** The store's own number; unique in the store. */
  sku!: string | null;
  @ApiProperty({ enum: MEDIA_GRADES, nullable: true })
  mediaGrade!: MediaGrade | null;
  @ApiProperty({ enum: SLEEVE_GRADES, nullable: true })
  sleeveGrade!: SleeveGrade | null;
  /**
   * What is wrong with it, in the words of the grader.
   * @example []
   */
  defects!: string[];
  /**
   * Where its pictures are.
   * @example []
   */
  photos!: string[];
  note!: string | null;
  /** List price of a unit. */
  @MoneyValue({ nullable: true })
  price!: Money | null;
  /** What a unit has cost the store. */
  @MoneyValue({ nullable: true })
  cost!: Money | null;
  /**
   * Units at all locations.
   * @example 1
   */
  onHand!: number;
  /**
   * Units that nobody has reserved; for sale where the status is `available`.
   * @example 1
   */
  free!: number;
  levels!: LevelView[];
  /** At how many free units stock is low. */
  threshold!: number | null;
  /** Whether that has been reached. */
  isLow!: boolean;
  provenance!: ProvenanceView;
  @Instant()
  receivedAt!: string;
  /**
   * Grows with every change; the ETag is made of it.
   * @example 1
   */
  version!: number;
}

/** An item as its events add up to. @param id UUID */
export function stockItemView(id: string, { state, version }: Rehydrated<Item>): StockItemView {
  const { kind: provenance, source = null, key = null, reference = null } = state.provenance;
  return {
    id: formatId('stockItem', id),
    releaseId: formatId('release', state.releaseId),
    kind: state.kind,
    status: state.status === 'none' ? 'withdrawn' : state.status,
    reason: state.reason,
    holdUntil: state.holdUntil,
    code: state.code,
    sku: state.sku,
    mediaGrade: state.mediaGrade,
    sleeveGrade: state.sleeveGrade,
    defects: [...state.defects],
    photos: [...state.photos],
    note: state.note,
    price: state.price,
    cost: state.cost,
    onHand: onHand(state),
    free: available(state),
    levels: levelViews(state),
    threshold: state.threshold,
    isLow: state.isLow,
    provenance: { kind: provenance, source, key, reference },
    receivedAt: state.receivedAt,
    version,
  };
}

function levelViews({ levels }: Item): LevelView[] {
  return Object.entries(levels)
    .filter(([, { onHand: units }]) => units > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([locationId, level]) => ({ locationId: formatId('location', locationId), ...level }));
}
