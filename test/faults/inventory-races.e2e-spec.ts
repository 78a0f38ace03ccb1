import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { itemId, type StockStore } from '../../libs/inventory/test/inventory-app.js';
import { INVARIANTS, StockRaces, tally } from '../support/stock-races.js';

/** Answers that tell a caller what is so. None of them says "try again". */
const CLEAR = [
  'done',
  'inventory.not_enough_stock',
  'inventory.hold_expired',
  'inventory.hold_extended',
  'inventory.reservation_transition',
  'inventory.reserved',
  'inventory.quantity_out_of_range',
];

let races: StockRaces;
let store: StockStore;

beforeAll(async () => {
  races = await StockRaces.start();
});
beforeEach(() => {
  store = races.app.newStore();
});
afterAll(() => races.close());

describe('stock that many want at once', () => {
  it('is sold once: of 200 buyers for one copy one gets it, and the others are told so', async () => {
    const copy = await races.app.receive(store);
    const endings = tally(await races.buyers(store, 200, itemId(copy)));
    expect(endings).toEqual({ done: 1, 'inventory.not_enough_stock': 199 });
    expect(await races.breaches(store)).toEqual([]);
  });

  it('is sold to the last unit: of 100 buyers for 10 units exactly 10 get one', async () => {
    const pool = await races.app.receivePool(store, 10);
    const endings = tally(await races.buyers(store, 100, itemId(pool)));
    expect(endings).toEqual({ done: 10, 'inventory.not_enough_stock': 90 });
    expect(await races.breaches(store)).toEqual([]);
  });

  it('is never promised beyond what is there, whatever 64 writers do with one pool', async () => {
    const endings = await races.storm(store, { writers: 64, steps: 6, units: 40 });
    expect(endings.filter((ending) => !CLEAR.includes(ending))).toEqual([]);
    expect(await races.breaches(store)).toEqual([]);
  });

  it('keeps its number while transfers cross each other', async () => {
    expect(await races.crossing(store, 80)).toEqual([50, 50]);
    expect(await races.breaches(store)).toEqual([]);
  });

  it('is claimed once by two lines of a cart that name the same item', async () => {
    const pool = await races.app.receivePool(store, 3);
    const line = { itemId: itemId(pool), quantity: 2 };
    const refused = races.reserve(store, [line, line]);
    await expect(refused).rejects.toMatchObject({ members: { shortages: [{ requested: 4, available: 3 }] } });
    const carts = await Promise.allSettled(
      Array.from({ length: 8 }, () =>
        races.reserve(store, [
          { ...line, quantity: 1 },
          { ...line, quantity: 1 },
        ]),
      ),
    );
    expect(carts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await races.breaches(store)).toEqual([]);
  });
});

describe('the invariants', () => {
  /** A statement on the tables that are live: the first build may have given way to a rebuild meanwhile. */
  const plant = async (sql: string, values: unknown[] = []) => {
    const [row] = await races.database.admin<{ slot: string }>(`select es.live_slot('inventory.stock-guards') as slot`);
    await races.database.admin(sql.replaceAll('{slot}', row?.slot ?? ''), values);
  };
  const breach = async (sql: string) => {
    await plant(sql, [store.tenantId]);
    return (await races.breaches(store)).map((one) => (one as { invariant: string }).invariant.split(':')[1]?.trim());
  };

  it('are those of the event store and of stock', () => {
    expect([...new Set(INVARIANTS.map(({ name }) => name.split(':')[0]))].sort()).toEqual(
      ['D1', 'D14', 'D2', 'D3', 'D3, I3', 'I3', 'I4', 'I5', 'I6', 'I7'].sort(),
    );
  });

  it.each([
    [
      'D2',
      `alter table inventory.availability_{slot} drop constraint if exists availability_{slot}_check`,
      'held = on_hand + 1',
    ],
    ['I3', undefined, 'held = held + 1'],
    ['D3, I3', undefined, 'on_hand = on_hand + 1'],
  ])('find what breaks %s', async (name, before, change) => {
    await races.app.receivePool(store, 5);
    if (before) await plant(before);
    expect(await breach(`update inventory.availability_{slot} set ${change} where tenant_id = $1`)).toContain(name);
  });

  it('find a second claim on a copy, a gap in a stream and an early end of a quarantine', async () => {
    const copy = await races.app.receive(store);
    await races.reserve(store, [{ itemId: itemId(copy), quantity: 1 }]);
    await plant('drop index if exists inventory.reservation_line_single_{slot}');
    const twice = `insert into inventory.reservation_line_{slot} select tenant_id, gen_random_uuid(), item_id, location_id, single, quantity, state,
      expires_at, extensions, reference, changes from inventory.reservation_line_{slot} where tenant_id = $1`;
    expect(await breach(twice)).toEqual(expect.arrayContaining(['D1', 'I3']));
    const lifted = `insert into es.events (tenant_id, stream_id, version, event_id, type, data, meta)
      select tenant_id, stream_id, version + n.step, gen_random_uuid(), n.type, n.data::jsonb, '{}' from es.streams,
             (values (2, 'inventory.item-quarantined', '{"holdUntil":"2099-01-01T00:00:00Z","reason":"x"}'),
                     (3, 'inventory.quarantine-lifted', '{}')) as n (step, type, data) where tenant_id = $1`;
    expect(await breach(lifted)).toEqual(expect.arrayContaining(['D14', 'I7']));
  });
});
