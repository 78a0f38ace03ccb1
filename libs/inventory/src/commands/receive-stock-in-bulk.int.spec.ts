import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { EUR, InventoryApp, type StockStore } from '../../test/inventory-app.js';
import type { ReceiveItem } from '../domain/receive-item.js';
import { GetStockItem } from '../queries/get-stock-item.query.js';
import { MakeReservation } from './make-reservation.command.js';
import { ReceiveStockInBulk } from './receive-stock-in-bulk.command.js';

let db: TestDatabase;
let app: InventoryApp;
let store: StockStore;
let releaseId: string;

beforeAll(async () => {
  db = await createTestDatabase();
  app = await InventoryApp.start(db);
});
beforeEach(async () => {
  store = app.newStore();
  releaseId = await app.release(store);
});
afterAll(async () => {
  await app.close();
  await db.drop();
});

const single = (item: Partial<ReceiveItem> = {}): ReceiveItem => ({
  releaseId,
  kind: 'single',
  quantity: 1,
  mediaGrade: 'VG+',
  price: EUR(1_500),
  ...item,
});
const pool = (quantity: number, item: Partial<ReceiveItem> = {}): ReceiveItem =>
  single({ kind: 'pool', quantity, mediaGrade: undefined, ...item });
const receive = (...items: ReceiveItem[]) =>
  app.bus.execute(new ReceiveStockInBulk(store.actor, { source: 'discogs', importId: 'job 1', items }));
const idOf = (outcome: unknown): string => (outcome as { itemId: string }).itemId;
const get = (outcome: unknown) => app.bus.execute(new GetStockItem(store.actor, idOf(outcome)));

describe('a bulk reception', () => {
  test('answers an outcome for each item, in order, and receives what is good', async () => {
    const archived = await app.release(store, 'archived');
    await db.admin(`update catalog.release set state = 'archived' where id = $1`, [archived]);
    const outcomes = await receive(
      single({ key: '1#1' }),
      single({ kind: 'single', quantity: 2 }),
      pool(40, { key: '2', sku: 'LP-2', code: 'L2' }),
      single({ releaseId: newUuid() }),
      single({ releaseId: archived }),
      single({ releaseId: 'rel_1' }),
    );
    expect(outcomes).toMatchObject([
      { outcome: 'created', version: 1 },
      { outcome: 'failed', code: 'inventory.invalid_item', field: '/quantity' },
      { outcome: 'created', version: 1 },
      { outcome: 'failed', code: 'inventory.release_not_found', field: '/releaseId' },
      { outcome: 'failed', code: 'inventory.release_archived', field: '/releaseId' },
      { outcome: 'failed', code: 'inventory.invalid_item', field: '/releaseId' },
    ]);
    expect(await get(outcomes[0])).toMatchObject({
      status: 'available',
      provenance: { kind: 'import', source: 'discogs', key: '1#1', reference: 'job 1' },
    });
    expect(await get(outcomes[2])).toMatchObject({ kind: 'pool', onHand: 40, sku: 'LP-2', code: 'L2' });
  });

  test('receives without a grade or a price as withdrawn', async () => {
    const outcomes = await receive(
      single({ mediaGrade: undefined, price: undefined }),
      single({ price: undefined }),
      pool(3, { price: undefined }),
      pool(3),
    );
    const items = await Promise.all(outcomes.map(get));
    expect(items.map(({ status, reason }) => [status, reason])).toEqual([
      ['withdrawn', 'needs_grading'],
      ['withdrawn', 'needs_price'],
      ['withdrawn', 'needs_price'],
      ['available', null],
    ]);
  });

  test('knows a copy again by its key: the same changes nothing, other values are taken over', async () => {
    const items = [single({ key: 'a', price: undefined }), pool(10, { key: 'b' }), single({ key: 'c' })];
    const first = await receive(...items);
    expect(await receive(...items)).toEqual(first.map((one) => ({ ...one, outcome: 'unchanged' })));
    const second = await receive(
      single({ key: 'a', price: EUR(900), sleeveGrade: 'Generic' }),
      pool(4, { key: 'b', cost: EUR(100) }),
      single({ key: 'c', mediaGrade: 'F', note: 'scratched', sku: 'C' }),
    );
    expect(second.map(idOf)).toEqual(first.map(idOf));
    expect(second.map(({ outcome }) => outcome)).toEqual(['updated', 'updated', 'updated']);
    expect(await get(second[0])).toMatchObject({ status: 'available', price: EUR(900), sleeveGrade: 'Generic' });
    expect(await get(second[1])).toMatchObject({ onHand: 4, cost: EUR(100) });
    expect(await get(second[2])).toMatchObject({ mediaGrade: 'F', note: 'scratched', sku: 'C' });
  });

  test('sets a pool to the number and never below what is promised', async () => {
    const [made] = await receive(pool(10, { key: 'b' }));
    await app.bus.execute(new MakeReservation(store.actor, { items: [{ itemId: idOf(made), quantity: 6 }] }));
    expect(await receive(pool(5, { key: 'b', price: EUR(1) }), pool(1, { key: 'n' }))).toMatchObject([
      { outcome: 'failed', code: 'inventory.reserved' },
      { outcome: 'created' },
    ]);
    expect(await get(made)).toMatchObject({ onHand: 10, price: EUR(1_500) });
    expect(await receive(pool(6, { key: 'b' }))).toMatchObject([{ outcome: 'updated' }]);
  });

  test('takes the first of two items with one key, SKU or code', async () => {
    const repeated = { outcome: 'failed', code: 'inventory.duplicate_in_request' };
    expect(
      await receive(
        single({ key: 'a' }),
        single({ key: 'a' }),
        single({ sku: 'caf\u00e9' }),
        single({ sku: 'cafe\u0301' }),
        single({ code: 'x' }),
        single({ code: 'x' }),
      ),
    ).toMatchObject([
      { outcome: 'created' },
      { ...repeated, field: '/key' },
      { outcome: 'created' },
      { ...repeated, field: '/sku' },
      { outcome: 'created' },
      { ...repeated, field: '/code' },
    ]);
  });

  test('refuses SKUs and codes that other items have', async () => {
    await receive(single({ sku: 'S', code: 'C' }), single({ sku: 'T' }), single({ key: 'k' }));
    expect(
      await receive(single({ sku: 'S' }), single({ code: 'C' }), single({ key: 'k', sku: 'T' }), single()),
    ).toMatchObject([
      { outcome: 'failed', code: 'inventory.sku_taken', field: '/sku' },
      { outcome: 'failed', code: 'inventory.code_taken', field: '/code' },
      { outcome: 'failed', code: 'inventory.sku_taken', field: '/sku' },
      { outcome: 'created' },
    ]);
  });

  test('refuses another kind for a key that is known', async () => {
    await receive(single({ key: 'k' }));
    expect(await receive(pool(5, { key: 'k' }))).toMatchObject([{ outcome: 'failed', code: 'inventory.invalid_item' }]);
  });

  test('makes a copy once however many calls bring it at once', async () => {
    const settled = await Promise.allSettled(Array.from({ length: 6 }, () => receive(single({ key: 'same' }))));
    const refused = settled.flatMap((one) =>
      one.status === 'rejected' ? [(one.reason as { code: string }).code] : [],
    );
    expect(new Set(refused)).toEqual(new Set(refused.length > 0 ? ['inventory.key_taken'] : []));
    const ids = settled.flatMap((one) => (one.status === 'fulfilled' ? one.value.map(idOf) : []));
    expect(new Set(ids).size).toBe(1);
    const rows = await db.admin('select 1 from inventory.item where tenant_id = $1', [store.tenantId]);
    expect(rows).toHaveLength(1);
  });

  test('is nothing when its unit is undone', async () => {
    const gone = app.work.run({ tenantId: store.tenantId }, async () => {
      await receive(single({ key: 'k' }), pool(4));
      throw new Error('undone');
    });
    await expect(gone).rejects.toThrow('undone');
    expect(await receive(single({ key: 'k' }))).toMatchObject([{ outcome: 'created' }]);
  });
});

describe.each<[string, Partial<ReceiveItem>, string]>([
  ['a negative quantity', { kind: 'pool', quantity: -1 }, '/quantity'],
  ['a fraction', { kind: 'pool', quantity: 1.5 }, '/quantity'],
  ['more than there can be', { kind: 'pool', quantity: 1_000_000_001 }, '/quantity'],
  ['an unknown kind', { kind: 'box' as 'pool' }, '/kind'],
  ['a grade outside the scale', { mediaGrade: 'VG++' as 'VG' }, '/mediaGrade'],
  ['a sleeve that no scale knows', { sleeveGrade: 'generic' as 'Generic' }, '/sleeveGrade'],
  ['a word of sleeves as the grade of a medium', { mediaGrade: 'Generic' as 'M' }, '/mediaGrade'],
  ['a negative price', { price: EUR(-1) }, '/price/amount'],
  ['a price with a fraction', { price: EUR(0.5) }, '/price/amount'],
  ['a price beyond the safe integers', { price: EUR(2 ** 53) }, '/price/amount'],
  ['an unknown currency', { price: { amount: 1, currency: 'XXX' } }, '/price/currency'],
  ['a cost in small letters', { cost: { amount: 1, currency: 'eur' } }, '/cost/currency'],
  ['a blank SKU', { sku: ' ' }, '/sku'],
  ['a code with a line end', { code: 'a\nb' }, '/code'],
  ['a key that is too long', { key: 'k'.repeat(201) }, '/key'],
  ['a note with a zero byte', { note: 'a\u0000' }, '/note'],
])('an item with %s', (_, change, field) => {
  test('is refused at its place, and the others are received', async () => {
    expect(await receive(single(change), single())).toMatchObject([
      { outcome: 'failed', code: 'inventory.invalid_item', field },
      { outcome: 'created' },
    ]);
  });
});
