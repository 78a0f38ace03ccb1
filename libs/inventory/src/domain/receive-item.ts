import { currencyExponent, type Money } from '#platform/kernel';
import {
  isMediaGrade,
  isSleeveGrade,
  type MediaGrade,
  MEDIA_GRADES,
  type SleeveGrade,
  SLEEVE_GRADES,
} from './grades.js';
import { MOST_UNITS } from './guards.js';
import type { ItemKind } from './item-events.js';

/** One item of a bulk reception. */
export interface ReceiveItem {
  /** Known again by tenant, source and key, such as `2568011#2`; absent: always a new item. */
  readonly key?: string;
  /** UUID. */
  readonly releaseId: string;
  readonly kind: ItemKind;
  /** 1 for a single copy; a pool is set to the number. */
  readonly quantity: number;
  readonly sku?: string;
  readonly code?: string;
  readonly mediaGrade?: MediaGrade;
  readonly sleeveGrade?: SleeveGrade;
  readonly price?: Money;
  readonly cost?: Money;
  readonly note?: string;
}

/** Why an item of a bulk call was not done. */
export interface ItemFailure {
  readonly outcome: 'failed';
  readonly code: string;
  /** JSON pointer within the item. */
  readonly field?: string;
  readonly message: string;
}

/** Longest texts, in characters. */
export const LONGEST = { key: 200, sku: 100, code: 50, note: 5_000, reason: 100 } as const;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const LINE_FORBIDDEN = /[\p{Cc}\u2028\u2029\p{Bidi_Control}]/u;
const NOTE_FORBIDDEN = /(?![\t\n\r])\p{Cc}/u;

/** What is wrong with an item, first fault first; undefined when it can be received. Compiled by hand: it runs per record. */
export function faultOf(item: ReceiveItem): ItemFailure | undefined {
  if (!UUID.test(item.releaseId)) return invalid('/releaseId', 'must be the UUID of a release');
  if (item.kind !== 'single' && item.kind !== 'pool') return invalid('/kind', 'must be single or pool');
  return (
    quantityFault(item) ?? textFault(item) ?? gradeFault(item) ?? moneyFault(item, 'price') ?? moneyFault(item, 'cost')
  );
}

function quantityFault({ kind, quantity }: ReceiveItem): ItemFailure | undefined {
  if (!Number.isSafeInteger(quantity) || quantity < 0 || quantity > MOST_UNITS) {
    return invalid('/quantity', `must be a whole number from 0 to ${MOST_UNITS}`);
  }
  return kind === 'single' && quantity !== 1 ? invalid('/quantity', 'must be 1 for a single copy') : undefined;
}

function textFault({ key, sku, code, note }: ReceiveItem): ItemFailure | undefined {
  return (
    lineFault('/key', key, LONGEST.key) ??
    lineFault('/sku', sku, LONGEST.sku) ??
    lineFault('/code', code, LONGEST.code) ??
    (note !== undefined && !isText(note, LONGEST.note, NOTE_FORBIDDEN)
      ? invalid('/note', `must be a text of at most ${LONGEST.note} characters without control characters`)
      : undefined)
  );
}

function lineFault(field: string, text: string | undefined, max: number): ItemFailure | undefined {
  if (text === undefined || (isText(text, max, LINE_FORBIDDEN) && text.trim() !== '')) return undefined;
  return invalid(field, `must be one line of 1 to ${max} characters`);
}

function isText(text: unknown, max: number, forbidden: RegExp): text is string {
  if (typeof text !== 'string' || text.length > 2 * max || !text.isWellFormed() || forbidden.test(text)) return false;
  return text.length <= max || [...text].length <= max;
}

function gradeFault({ mediaGrade, sleeveGrade }: ReceiveItem): ItemFailure | undefined {
  if (mediaGrade !== undefined && !isMediaGrade(mediaGrade)) {
    return invalid('/mediaGrade', `must be one of ${MEDIA_GRADES.join(', ')}`);
  }
  if (sleeveGrade !== undefined && !isSleeveGrade(sleeveGrade)) {
    return invalid('/sleeveGrade', `must be one of ${SLEEVE_GRADES.join(', ')}`);
  }
  return undefined;
}

function moneyFault(item: ReceiveItem, name: 'price' | 'cost'): ItemFailure | undefined {
  const money = item[name];
  if (money === undefined) return undefined;
  if (!Number.isSafeInteger(money.amount) || money.amount < 0) {
    return invalid(`/${name}/amount`, 'must be a whole number of minor units from 0');
  }
  return currencyExponent(money.currency) === undefined
    ? invalid(`/${name}/currency`, 'must be an active ISO 4217 currency')
    : undefined;
}

function invalid(field: string, must: string): ItemFailure {
  return { outcome: 'failed', code: 'inventory.invalid_item', field, message: `This value ${must}.` };
}
