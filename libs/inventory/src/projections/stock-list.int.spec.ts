import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { followStock, makeHistory, staffOf } from '../../test/followed-stock.js';
import { EUR, itemId, listed, type StockStore, uuid } from '../../test/inventory-app.js';
import { ReceiveStockInBulk } from '../commands/receive-stock-in-bulk.command.js';
import { WriteOffItem } from '../commands/write-off-item.command.js';
import type { ReceiveItem } from '../domain/receive-item.js';
import type { StockItemView } from '../inventory.views.js';
import { GetStockItem } from '../queries/get-stock-item.query.js';
import { CSV_HEADER, StockExport } from '../stock-export.js';
import { STOCK_EXPORT } from '../stock-list.js';

const { app, caughtUp, close } = await followStock();
let store: StockStore;
const { list } = staffOf(app, () => store);
const history = () => makeHistory(app, store);

beforeEach(() => {
  store = app.newStore();
});
afterAll(close);

describe('the stock list', () => {
  test('shows items with what the catalogue calls them, and leaves out what is gone', async () => {
    const { pool, copy, gone } = await history();
    await caughtUp();
    const rows = await list();
    expect(rows.map(({ id }) => id)).toEqual([copy.id, pool.id]);
    expect(rows[1]).toMatchObject({
      artist: 'Miles Davis',
      title: 'Kind of Blue',
      genres: ['Jazz'],
      onHand: 16,
      isLow: true,
    });
    const [now] = [await app.bus.execute(new GetStockItem(store.actor, itemId(pool)))];
    expect(rows[1]).toMatchObject({ version: now.version, free: now.free, price: EUR(1_500), sku: 'P' });
    expect((await list({ 'filter[status]': 'written_off' })).map(({ id }) => id)).toEqual([gone.id]);
  });

  test('is filtered by everything that staff ask for', async () => {
    const mug = await app.release(store, 'a mug', 'mug');
    const { pool, copy, back } = await history();
    const other = await app.receive(store, {
      releaseId: mug,
      mediaGrade: undefined,
      price: EUR(300),
      sleeveGrade: 'Generic',
    });
    await caughtUp();
    const found = async (parameters: Record<string, string>) => (await list(parameters)).map(({ id }) => id).sort();
    const of = (...items: StockItemView[]) => items.map(({ id }) => id).sort();
    expect(await found({ 'filter[kind]': 'pool' })).toEqual(of(pool));
    expect(await found({ 'filter[mediaGrade]': 'NM', 'filter[kind]': 'single' })).toEqual(of(copy));
    expect(await found({ 'filter[sleeveGrade]': 'Generic' })).toEqual(of(other));
    expect(await found({ 'filter[genre]': 'Jazz,Rock' })).toEqual(of(pool, copy, other));
    expect(await found({ 'filter[genre]': 'Rock' })).toEqual([]);
    const unpriced = await app.receivePool(store, 1, { price: undefined });
    await caughtUp();
    expect(await found({ 'filter[price][lt]': '1000' })).toEqual(of(other));
    await app.bus.execute(new WriteOffItem(store.actor, itemId(unpriced), { input: { reason: 'x' } }));
    await caughtUp();
    expect(await found({ 'filter[price][gte]': '1500', 'filter[currency]': 'EUR' })).toEqual(of(pool, copy));
    expect(await found({ 'filter[location]': await locationIdOf(back) })).toEqual(of(pool));
    expect(await found({ 'filter[lowStock]': 'true' })).toEqual(of(pool));
    expect(await found({ 'filter[text]': 'MILÉS,blue' })).toEqual(of(pool, copy, other));
    expect(await found({ 'filter[text]': '100%' })).toEqual([]);
    expect(await found({ 'filter[text]': copy.code.slice(3, 9) })).toEqual(of(copy));
    expect(await found({ 'filter[receivedAt][gt]': '2099-01-01T00:00:00Z' })).toEqual([]);
    expect(await found({ 'filter[release]': other.releaseId })).toEqual(of(other));
    expect((await list({ sort: 'price' })).map(({ price: one }) => one?.amount)).toEqual([300, 1_500, 1_999]);
    expect((await list({ sort: '-onHand', limit: '1' })).map(({ id }) => id)).toEqual([pool.id]);
  });

  const locationIdOf = async (id: string): Promise<string> => {
    const rows = await list();
    const found = rows.flatMap(({ locationIds }) => locationIds).find((one) => uuid('location', one) === id);
    return found ?? '';
  };

  test('is exported as CSV, filtered and in order, however many pages it has', async () => {
    const releaseId = await app.release(store);
    const items = Array.from({ length: 1_100 }, (_, at): ReceiveItem => {
      return { releaseId, kind: 'pool', quantity: at, sku: `=${at}`, price: EUR(at) };
    });
    await app.bus.execute(new ReceiveStockInBulk(store.actor, { source: 'file', items }));
    await app.receive(store);
    await caughtUp();
    const parameters = { 'filter[kind]': 'pool', sort: 'onHand' };
    const pieces: string[] = [];
    const file = await new StockExport(app.bus).open(store.actor, listed(STOCK_EXPORT, parameters));
    for await (const piece of file) pieces.push(piece);
    expect(pieces.length).toBe(3);
    const lines = pieces.join('').trimEnd().split('\r\n');
    expect(lines.length).toBe(1_101);
    expect(lines[0]).toBe(CSV_HEADER.trimEnd());
    expect(lines.slice(1).map((line) => line.split(',')[9])).toEqual(items.map(({ sku }) => `'${sku}`));
  });
});
