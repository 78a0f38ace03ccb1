import type { Money } from '#platform/kernel';
import type { GRADES } from './mapping.js';

/** A grade as stock keeps it. */
export type Grade = (typeof GRADES)[number];

/** A release as the catalogue takes it. An absent member is left as it is. */
export interface ReleaseItem {
  externalId: string;
  title?: string;
  artists?: string[];
  labels?: { name: string; catalogNumber?: string }[];
  barcode?: string;
  formats?: { name: string; quantity?: number; descriptions?: string[] }[];
  country?: string;
  /** `1999`, `1999-03` or `1999-03-21`. */
  released?: string;
  genres?: string[];
  styles?: string[];
  images?: string[];
  weightGrams?: number;
  attributes?: Record<string, string>;
  productType?: string;
}

/** A stock item as inventory takes it, without its release. `key` is the record's own where the file has one. */
export interface StockItem {
  key?: string;
  kind: 'single' | 'pool';
  quantity: number;
  sku?: string;
  code?: string;
  mediaGrade?: Grade;
  sleeveGrade?: Grade;
  price?: Money;
  cost?: Money;
  note?: string;
}

/** Why a record cannot be taken. */
export interface MappingFault {
  readonly code: MappingFaultCode;
  /** Target field, such as `stock.price`. */
  readonly field: string;
  readonly message: string;
  /** What stood there, cut to 200 characters. */
  readonly value?: string;
}

/** Stable codes of values that cannot be taken. */
export type MappingFaultCode =
  | 'mapping.no_key'
  | 'mapping.title_missing'
  | 'mapping.not_a_text'
  | 'mapping.not_in_table'
  | 'mapping.not_a_whole_number'
  | 'mapping.not_a_weight'
  | 'mapping.not_a_date'
  | 'mapping.not_money'
  | 'mapping.money_precision'
  | 'mapping.currency_missing'
  | 'mapping.unknown_grade';

/** A text that was left out because nothing is known of it: the unmapped bucket lists them with counts. */
export interface Unmapped {
  readonly field: string;
  readonly value: string;
}

/** What a record becomes. With faults it becomes nothing. */
export interface MappedRecord {
  /** By what the record is known in its file and when it comes again; without its occurrence where `copies`. */
  readonly key: string | undefined;
  /** Several records with this key are several copies: each gets its number within the file. */
  readonly copies: boolean;
  /** External id of the release; the same as `key` unless stock has keys of its own. */
  readonly releaseKey: string | undefined;
  /** Absent where the mapping only looks releases up. */
  readonly release?: ReleaseItem;
  readonly stock?: StockItem;
  readonly faults: readonly MappingFault[];
  readonly unmapped: readonly Unmapped[];
}
