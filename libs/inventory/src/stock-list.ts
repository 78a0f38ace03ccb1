import {
  type CursorRow,
  flagRule,
  idRule,
  instantRule,
  type ListRequest,
  type ListSpec,
  oneOfRule,
  textRule,
  type ValueRule,
  wholeNumberRule,
} from '#platform/http';
import { currencyCodes } from '#platform/kernel';
import { MEDIA_GRADES, SLEEVE_GRADES } from './domain/grades.js';
import { searchText } from './domain/search-text.js';
import { ITEM_STATUSES } from './inventory.views.js';

const text = textRule({ max: 100 });

/** Part of what an item is found by; the handler gets a pattern. */
const containsRule: ValueRule = {
  ...text,
  name: 'text',
  decode: (value) => `%${searchText(String(value)).replace(/[\\%_]/g, '\\$&')}%`,
};

/** The price as its index has it: -1 where there is none. Not `coalesce`, which keeps bounds out of the index under the tenant's policy. */
export const PRICE = '(case when s.price_amount is null then -1 else s.price_amount end)';

/** What the stock list can be asked for. */
export const STOCK_ITEMS: ListSpec = {
  name: 'stock-items',
  id: 's.item_id',
  sort: {
    receivedAt: { sql: 's.received_at', type: 'timestamptz' },
    artist: { sql: 's.artist_key', type: 'text' },
    price: { sql: PRICE, type: 'bigint' },
    onHand: { sql: 's.on_hand', type: 'bigint' },
  },
  defaultSort: '-receivedAt',
  filters: {
    status: { sql: 's.status', type: 'text', rule: oneOfRule(ITEM_STATUSES) },
    kind: { sql: 's.kind', type: 'text', rule: oneOfRule(['single', 'pool']) },
    mediaGrade: { sql: 's.media_grade', type: 'text', rule: oneOfRule(MEDIA_GRADES) },
    sleeveGrade: { sql: 's.sleeve_grade', type: 'text', rule: oneOfRule(SLEEVE_GRADES) },
    reason: { sql: 's.reason', type: 'text', rule: text },
    release: { sql: 's.release_id', type: 'uuid', rule: idRule('release') },
    code: { sql: 's.code', type: 'text', rule: text },
    sku: { sql: 's.sku', type: 'text', rule: text },
    genre: { sql: 's.genres', type: 'text', rule: text, matches: (values) => `s.genres && ${values}` },
    location: {
      sql: 's.locations',
      type: 'uuid',
      rule: idRule('location'),
      matches: (values) => `s.locations && ${values}`,
    },
    text: { sql: 's.search', type: 'text', rule: containsRule, matches: (values) => `s.search like all (${values})` },
    lowStock: { sql: 's.is_low', type: 'boolean', rule: flagRule() },
    currency: { sql: 's.price_currency', type: 'text', rule: oneOfRule(currencyCodes) },
    price: {
      sql: PRICE,
      least: 0,
      type: 'bigint',
      rule: wholeNumberRule({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      range: true,
    },
    receivedAt: { sql: 's.received_at', type: 'timestamptz', rule: instantRule(), range: true },
  },
};

/** The same for an export, which has no pages. */
export const STOCK_EXPORT: ListSpec = { ...STOCK_ITEMS, name: 'stock-export' };

/** A row of the list. */
export interface StockRow extends CursorRow {
  readonly id: string;
  readonly releaseId: string;
  readonly artist: string;
  readonly title: string;
  readonly genres: string[];
  readonly kind: 'single' | 'pool';
  readonly status: (typeof ITEM_STATUSES)[number];
  readonly reason: string | null;
  readonly code: string;
  readonly sku: string | null;
  readonly mediaGrade: (typeof MEDIA_GRADES)[number] | null;
  readonly sleeveGrade: (typeof SLEEVE_GRADES)[number] | null;
  readonly priceAmount: number | null;
  readonly priceCurrency: string | null;
  readonly costAmount: number | null;
  readonly costCurrency: string | null;
  readonly onHand: number;
  readonly reserved: number;
  readonly isLow: boolean;
  readonly locations: string[];
  readonly receivedAt: Date;
  readonly version: number;
}

/** Columns of `inventory.stock_row s` by the names of StockRow. */
export const STOCK_ROW_COLUMNS = `s.item_id as id, s.release_id as "releaseId", s.artist, s.title, s.genres, s.kind, s.status, s.reason,
  s.code, s.sku, s.media_grade as "mediaGrade", s.sleeve_grade as "sleeveGrade", s.price_amount as "priceAmount",
  s.price_currency as "priceCurrency", s.cost_amount as "costAmount", s.cost_currency as "costCurrency", s.on_hand as "onHand",
  s.reserved, s.is_low as "isLow", s.locations, s.received_at as "receivedAt", s.version`;

/** Where the list's rows come from: what was written off is left out unless it is asked for. $1 is the tenant. */
export function listedFrom(table: string, { filters }: Pick<ListRequest, 'filters'>): string {
  const isAsked = filters.some(({ name }) => name === 'status');
  return `${table} s where s.tenant_id = $1${isAsked ? '' : ` and s.status <> 'written_off'`}`;
}
