import type { EventStore, StreamAppend } from '#platform/eventing';
import { DomainError, newUuid } from '#platform/kernel';
import { textArray, type Unit } from '#platform/persistence';
import { keyOf } from './domain/codes.js';
import type { ItemEvent } from './domain/item-events.js';
import { type Arrival, receive, receiveAgain, type Reception } from './domain/receive.js';
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
    return items.flatMap((one, index) => {
      const release = faultOf(one) ?? releaseOf(one.releaseId);
      const failure = 'productType' in release ? repeated(one, seen) : failureOf(release, '/releaseId');
      if (failure === undefined) return [{ index, item: one, release: release as UsedRelease }];
      this.outcomes[index] = failure;
      return [];
    });
  }

  private async knownItems(candidates: readonly Candidate[]): Promise<ReadonlyMap<string, KnownItem>> {
    const keys = candidates.flatMap(({ item: { key } }) => key ?? []);
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
    const skus = candidates.flatMap(({ item: { sku } }) => (sku === undefined ? [] : keyOf(sku)));
    const codes = candidates
      .filter(({ item: { key } }) => key === undefined || !known.has(key))
      .flatMap(({ item: { code } }) => (code === undefined ? [] : keyOf(code)));
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
    const again = candidates.flatMap((candidate) => {
      const found = candidate.item.key === undefined ? undefined : known.get(candidate.item.key);
      return found ? [{ ...candidate, id: found.id }] : [];
    });
    if (again.length === 0) return;
    const events: (readonly ItemEvent[])[] = [];
    const changed = await this.stock.changeMany(
      again.map(({ id }) => id),
      (locked) => {
        locked.forEach(({ state }, at) => {
          const candidate = again[at];
          events[at] = candidate ? this.attempt(candidate, () => receiveAgain(state, ...this.arrival(candidate))) : [];
        });
        return events;
      },
    );
    again.forEach(({ index }, at) => {
      const { itemId = '', version = 0 } = changed[at] ?? {};
      this.outcomes[index] ??= { outcome: events[at]?.length ? 'updated' : 'unchanged', itemId, version };
    });
  }

  private arrival(candidate: Candidate): [Arrival, Reception, string] {
    return [{ ...candidate.item, ...candidate.release }, this.reception(candidate.item), this.setting.source];
  }

  private async create(candidates: readonly Candidate[]): Promise<void> {
    const appends = candidates.flatMap((candidate): StreamAppend<ItemEvent>[] => {
      const { index, item: one, release } = candidate;
      const itemId = newUuid();
      const { key: _, ...arrival } = one;
      const events = this.attempt(candidate, () => [receive(itemId, { ...arrival, ...release }, this.reception(one))]);
      if (events.length === 0) return [];
      this.outcomes[index] = { outcome: 'created', itemId, version: 1 };
      return [{ stream: itemStream(this.unit.tenantId, itemId), events }];
    });
    if (appends.length === 0) return;
    await asTaken(() => this.events.appendBulk<unknown, ItemEvent>(appends, { expected: 'none' }));
  }

  /** A refusal of one item is its outcome; the others go on. */
  private attempt({ index }: Candidate, decide: () => ItemEvent[]): ItemEvent[] {
    try {
      return decide();
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      this.outcomes[index] = failureOf(error);
      return [];
    }
  }

  private reception({ key }: ReceiveItem): Reception {
    const { source, importId, locationId, now } = this.setting;
    const provenance = {
      kind: 'import' as const,
      source,
      ...(key === undefined ? {} : { key }),
      ...(importId === undefined ? {} : { reference: importId }),
    };
    return { locationId, provenance, now };
  }
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
  const words = [
    ['key', key] as const,
    ['sku', sku === undefined ? undefined : keyOf(sku)] as const,
    ['code', code === undefined ? undefined : keyOf(code)] as const,
  ];
  const twice = words.find(([name, word]) => word !== undefined && seen[name].has(word));
  if (!twice) {
    for (const [name, word] of words) if (word !== undefined) seen[name].add(word);
    return undefined;
  }
  const message = `An earlier item of the call has the same ${twice[0]}. Send each once.`;
  return { outcome: 'failed', code: 'inventory.duplicate_in_request', field: `/${twice[0]}`, message };
}

const KNOWN = `select id, source_key as key from inventory.item where tenant_id = $1 and source = $2 and source_key = any($3)`;
const TAKEN = `
  select id, 'sku ' || sku_key as word from inventory.item where tenant_id = $1 and sku_key = any($2)
  union all
  select id, 'code ' || code from inventory.item where tenant_id = $1 and code = any($3)`;
