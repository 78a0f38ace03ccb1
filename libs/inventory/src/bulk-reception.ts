import type { EventStore, StreamAppend } from '#platform/eventing';
import { DomainError, newUuid } from '#platform/kernel';
import { textArray, type Unit } from '#platform/persistence';
import { keyOf } from './domain/codes.js';
import type { ItemEvent } from './domain/item-events.js';
import { type Arrival, receive, receiveAgain, type Reception } from './domain/receive.js';
import type { Item } from './domain/item.js';
import { faultOf, type ItemFailure, type ReceiveItem } from './domain/receive-item.js';
import type { UsedRelease } from './releases.js';
import { asTaken, itemStream, type Stock } from './stock.js';

/** What became of an item of a bulk call. */
export type StockOutcome =
  | { readonly outcome: 'created' | 'updated' | 'unchanged'; readonly itemId: string; readonly version: number }
  | ItemFailure;

/** The release to use for an id, or why it cannot be used. */
export type ReleaseOf = (releaseId: string) => UsedRelease | DomainError;

/** An item of the call that can be received as far as is known. */
interface Candidate {
  readonly index: number;
  readonly item: ReceiveItem;
  readonly release: UsedRelease;
}

/** A stock item that the call names by its key. */
interface KnownItem {
  readonly id: string;
  readonly key: string;
}

/** Where a bulk reception happens. */
export interface BulkSetting {
  readonly source: string;
  readonly importId: string | undefined;
  readonly locationId: string;
  readonly now: Date;
}

/** Receives many items in a handful of statements: new ones through the store's bulk lane, known ones under their locks. */
export class BulkReception {
  private readonly outcomes: StockOutcome[] = [];

  constructor(
    private readonly unit: Unit,
    private readonly events: EventStore,
    private readonly stock: Stock,
    private readonly setting: BulkSetting,
  ) {}

  async run(items: readonly ReceiveItem[], releaseOf: ReleaseOf): Promise<readonly StockOutcome[]> {
    const candidates = this.candidates(items, releaseOf);
    const known = await this.knownItems(candidates);
    const taken = await this.takenWords(candidates, known);
    const free = candidates.filter((candidate) => this.isFree(candidate, known, taken));
    // Streams that exist are locked before new ones are written: appends come last.
    await this.update(free, known);
    await this.create(free.filter(({ item: { key } }) => key === undefined || !known.has(key)));
    return this.outcomes;
  }

  private candidates(items: readonly ReceiveItem[], releaseOf: ReleaseOf): Candidate[] {
    const seen = { key: new Set<string>(), sku: new Set<string>(), code: new Set<string>() };
    const candidates: Candidate[] = [];
    items.forEach((one, index) => {
      const release = faultOf(one) ?? releaseOf(one.releaseId);
      const failure = 'productType' in release ? repeated(one, seen) : failureOf(release, '/releaseId');
      if (failure) this.outcomes[index] = failure;
      else candidates.push({ index, item: one, release: release as UsedRelease });
    });
    return candidates;
  }

  private async knownItems(candidates: readonly Candidate[]): Promise<ReadonlyMap<string, KnownItem>> {
    const keys = present(candidates, ({ item: { key } }) => key);
    if (keys.length === 0) return new Map();
    const rows = await this.unit.prepared<KnownItem>('inventory.known-items', KNOWN, [
      this.unit.tenantId,
      this.setting.source,
      textArray(keys),
    ]);
    return new Map(rows.map((row) => [row.key, row]));
  }

  /** Who has the SKUs and codes that the call names. */
  private async takenWords(
    candidates: readonly Candidate[],
    known: ReadonlyMap<string, KnownItem>,
  ): Promise<ReadonlyMap<string, string>> {
    const skus = present(candidates, ({ item: { sku } }) => sku).map(keyOf);
    const codes = present(candidates, ({ item: { key, code } }) =>
      key === undefined || !known.has(key) ? code : undefined,
    ).map(keyOf);
    if (skus.length === 0 && codes.length === 0) return new Map();
    const rows = await this.unit.prepared<{ id: string; word: string }>('inventory.taken-words', TAKEN, [
      this.unit.tenantId,
      skus,
      codes,
    ]);
    return new Map(rows.map(({ id, word }) => [word, id]));
  }

  private isFree(
    { index, item: { key, sku, code } }: Candidate,
    known: ReadonlyMap<string, KnownItem>,
    taken: ReadonlyMap<string, string>,
  ): boolean {
    const own = key === undefined ? undefined : known.get(key)?.id;
    const skuOwner = sku === undefined ? undefined : taken.get(`sku ${keyOf(sku)}`);
    const codeOwner = code === undefined || own ? undefined : taken.get(`code ${keyOf(code)}`);
    const isSkuTaken = skuOwner !== undefined && skuOwner !== own;
    if (!isSkuTaken && codeOwner === undefined) return true;
    const [word, field] = isSkuTaken ? ['SKU', 'sku'] : ['code', 'code'];
    this.outcomes[index] = {
      outcome: 'failed',
      code: `inventory.${field}_taken`,
      field: `/${field}`,
      message: `Another item has this ${word}.`,
    };
    return false;
  }

  private async update(candidates: readonly Candidate[], known: ReadonlyMap<string, KnownItem>): Promise<void> {
    const again = present(candidates, (candidate) => {
      const found = candidate.item.key === undefined ? undefined : known.get(candidate.item.key);
      return found && { ...candidate, id: found.id };
    });
    if (again.length === 0) return;
    const events: (readonly ItemEvent[])[] = [];
    const changed = await this.stock.changeMany(
      again.map(({ id }) => id),
      (locked) => {
        locked.forEach(({ state }, at) => {
          const candidate = again[at];
          if (candidate) events[at] = this.attempt(candidate, () => this.receiveAgain(state, candidate)) ?? [];
        });
        return events;
      },
    );
    again.forEach(({ index }, at) => {
      const { itemId = '', version = 0 } = changed[at] ?? {};
      this.outcomes[index] ??= { outcome: events[at]?.length ? 'updated' : 'unchanged', itemId, version };
    });
  }

  private receiveAgain(state: Item, candidate: Candidate): ItemEvent[] {
    return receiveAgain(state, arrivalOf(candidate), this.reception(candidate.item), this.setting.source);
  }

  private async create(candidates: readonly Candidate[]): Promise<void> {
    const appends = present(candidates, (candidate): StreamAppend<ItemEvent> | undefined => {
      const itemId = newUuid();
      const event = this.attempt(candidate, () =>
        receive(itemId, arrivalOf(candidate), this.reception(candidate.item)),
      );
      if (!event) return undefined;
      this.outcomes[candidate.index] = { outcome: 'created', itemId, version: 1 };
      return { stream: itemStream(this.unit.tenantId, itemId), events: [event] };
    });
    if (appends.length === 0) return;
    await asTaken(() => this.events.appendBulk<unknown, ItemEvent>(appends, { expected: 'none' }));
  }

  /** A refusal of one item is its outcome; the others go on. */
  private attempt<T>({ index }: Candidate, decide: () => T): T | undefined {
    try {
      return decide();
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      this.outcomes[index] = failureOf(error);
      return undefined;
    }
  }

  private reception({ key }: ReceiveItem): Reception {
    const { source, importId, locationId, now } = this.setting;
    return { locationId, provenance: { kind: 'import', source, key, reference: importId }, now };
  }
}

/** What `pick` answers of the items, where it answers something. */
function present<T, R>(items: readonly T[], pick: (item: T) => R | undefined): R[] {
  const found: R[] = [];
  for (const item of items) {
    const picked = pick(item);
    if (picked !== undefined) found.push(picked);
  }
  return found;
}

/** What arrives, of the release that it is of after merges. */
function arrivalOf({ item, release: { releaseId, productType } }: Candidate): Arrival {
  return { ...item, releaseId, productType };
}

/** The outcome of an item that was refused. @param field pointer within the item, where the refusal names none */
export function failureOf(error: DomainError | ItemFailure, field?: string): ItemFailure {
  if (!(error instanceof DomainError)) return error;
  const pointer = error.members.errors?.[0]?.pointer ?? field;
  return { outcome: 'failed', code: error.code, ...(pointer ? { field: pointer } : {}), message: error.message };
}

/** The first of two items with one key, SKU or code goes in. */
function repeated(
  { key, sku, code }: ReceiveItem,
  seen: { readonly key: Set<string>; readonly sku: Set<string>; readonly code: Set<string> },
): ItemFailure | undefined {
  const words = {
    key,
    sku: sku === undefined ? undefined : keyOf(sku),
    code: code === undefined ? undefined : keyOf(code),
  };
  const twice = WORDS.find((name) => seen[name].has(words[name] ?? ''));
  if (twice === undefined) {
    for (const name of WORDS) if (words[name] !== undefined) seen[name].add(words[name]);
    return undefined;
  }
  const message = `An earlier item of the call has the same ${twice}. Send each once.`;
  return { outcome: 'failed', code: 'inventory.duplicate_in_request', field: `/${twice}`, message };
}

/** What tells one item of a call from the others; none of them is empty. */
const WORDS = ['key', 'sku', 'code'] as const;

const KNOWN = `select id, source_key as key from inventory.item where tenant_id = $1 and source = $2 and source_key = any($3)`;
const TAKEN = `
  select id, 'sku ' || sku_key as word from inventory.item where tenant_id = $1 and sku_key = any($2)
  union all
  select id, 'code ' || code from inventory.item where tenant_id = $1 and code = any($3)`;
