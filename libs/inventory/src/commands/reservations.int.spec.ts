import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { InventoryApp, itemId, type StockStore, uuid } from '../../test/inventory-app.js';
import type { StockItemView } from '../inventory.views.js';
import { GetReservation } from '../queries/get-reservation.query.js';
import { GetStockItem } from '../queries/get-stock-item.query.js';
import type { ReservationView } from '../reservation.views.js';
import { AllocateReservation } from './allocate-reservation.command.js';
import { CommitReservation } from './commit-reservation.command.js';
import { CreateLocation } from './create-location.command.js';
import { ExtendReservation } from './extend-reservation.command.js';
import { MakeReservation, type MakeReservationInput } from './make-reservation.command.js';
import { ReleaseExpiredHolds } from './release-expired-holds.command.js';
import { ReleaseReservation, type ReleaseReservationInput } from './release-reservation.command.js';
import { ReturnReservation, type ReturnReservationInput } from './return-reservation.command.js';
import { TransferStock } from './transfer-stock.command.js';
import { WithdrawItem } from './withdraw-item.command.js';

let db: TestDatabase;
let app: InventoryApp;
let store: StockStore;

beforeAll(async () => {
  db = await createTestDatabase();
  app = await InventoryApp.start(db);
});
beforeEach(() => {
  store = app.newStore();
});
afterAll(async () => {
  await app.close();
  await db.drop();
});

type Wish = readonly [StockItemView, number];
const reserve = (wishes: readonly Wish[], input: Partial<MakeReservationInput> = {}) =>
  app.bus.execute(
    new MakeReservation(store.actor, {
      items: wishes.map(([item, quantity]) => ({ itemId: itemId(item), quantity })),
      ...input,
    }),
  );
const idOf = ({ id }: ReservationView) => uuid('reservation', id);
const get = (item: StockItemView) => app.bus.execute(new GetStockItem(store.actor, itemId(item)));
const read = (made: ReservationView) => app.bus.execute(new GetReservation(store.actor, idOf(made)));
const extend = (made: ReservationView) => app.bus.execute(new ExtendReservation(store.actor, idOf(made), {}));
const allocate = (made: ReservationView) => app.bus.execute(new AllocateReservation(store.actor, idOf(made), {}));
const commit = (made: ReservationView, itemIds?: string[]) =>
  app.bus.execute(new CommitReservation(store.actor, idOf(made), { input: { itemIds } }));
const release = (made: ReservationView, input: ReleaseReservationInput = {}) =>
  app.bus.execute(new ReleaseReservation(store.actor, idOf(made), { input }));
const giveBack = (made: ReservationView, input: ReturnReservationInput = {}) =>
  app.bus.execute(new ReturnReservation(store.actor, idOf(made), { input }));

/** Lets holds be over, as time would. */
const passTime = () =>
  db.admin(`update inventory.reservation_line_a set expires_at = clock_timestamp() - interval '1 ms'
    where tenant_id = '${store.tenantId}' and state = 'held'`);

describe('a reservation', () => {
  test('holds several items at once until its time is over', async () => {
    const [copy, pool] = [await app.receive(store), await app.receivePool(store, 5)];
    const made = await reserve([[copy, 1], [pool, 3]], { reference: 'cart 1', holdSeconds: 60 }); // prettier-ignore
    expect(made).toMatchObject({ state: 'held', reference: 'cart 1', shortages: [], version: 2 });
    expect(made.lines.map(({ quantity, state }) => [quantity, state]).sort()).toEqual([[1, 'held'], [3, 'held']]); // prettier-ignore
    expect([await get(copy), await get(pool)]).toMatchObject([{ free: 0 }, { free: 2 }]);
    expect(await read(made)).toEqual({ ...made, shortages: undefined });
  });

  test('is all or nothing: every shortage is reported together with what is left', async () => {
    const [a, b, c] = [await app.receive(store), await app.receivePool(store, 5), await app.receivePool(store, 9)];
    await reserve([[a, 1]]);
    const refused = reserve([[a, 1], [b, 4], [c, 9], [b, 3]]); // prettier-ignore
    await expect(refused).rejects.toMatchObject({
      problem: 'conflict',
      code: 'inventory.not_enough_stock',
      members: {
        shortages: expect.arrayContaining([
          { itemId: a.id, locationId: null, requested: 1, available: 0 },
          { itemId: b.id, locationId: null, requested: 7, available: 5 },
        ]),
      },
    });
    expect([await get(b), await get(c)]).toMatchObject([{ free: 5, version: 1 }, { free: 9, version: 1 }]); // prettier-ignore
  });

  test('takes what there is where it may be partial, and says what is missing', async () => {
    const [a, b] = [await app.receivePool(store, 2), await app.receivePool(store, 0)];
    const made = await reserve([[a, 5], [b, 1]], { mode: 'partial' }); // prettier-ignore
    expect(made.lines).toMatchObject([{ itemId: a.id, quantity: 2 }]);
    expect(made.shortages.map(({ requested, available }) => [requested, available])).toEqual([[5, 2], [1, 0]]); // prettier-ignore
    await expect(reserve([[a, 1]], { mode: 'partial' })).rejects.toMatchObject({ code: 'inventory.not_enough_stock' });
  });

  test('takes units from as few locations as it can, or from the one that is named', async () => {
    const pool = await app.receivePool(store, 10);
    const back = uuid('location', (await app.bus.execute(new CreateLocation(store.actor, { name: 'Back' }))).id);
    await app.bus.execute(new TransferStock(store.actor, itemId(pool), { input: { to: back, quantity: 4 } }));
    const all = await reserve([[pool, 8]]);
    expect(all.lines.map(({ quantity }) => quantity).sort()).toEqual([2, 6]);
    await release(all);
    const named = [{ itemId: itemId(pool), quantity: 5, locationId: back }];
    await expect(reserve([], { items: named })).rejects.toMatchObject({
      members: { shortages: [{ requested: 5, available: 4 }] },
    });
    const both = await reserve([[pool, 6]], {
      items: [{ itemId: itemId(pool), quantity: 6 }, { itemId: itemId(pool), quantity: 4, locationId: back }],
    }); // prettier-ignore
    expect(both.lines.map(({ quantity }) => quantity).sort()).toEqual([4, 6]);
  });

  test('is refused for items that are not for sale or not there', async () => {
    const copy = await app.receive(store);
    await app.bus.execute(new WithdrawItem(store.actor, itemId(copy), { input: { reason: 'display' } }));
    await expect(reserve([[copy, 1]])).rejects.toMatchObject({ code: 'inventory.not_enough_stock' });
    const items = [{ itemId: newUuid(), quantity: 1 }];
    await expect(reserve([], { items })).rejects.toMatchObject({
      code: 'inventory.item_not_found',
      members: { errors: [{ pointer: '/items/0/itemId' }] },
    });
  });
});

describe('a hold', () => {
  test('that is over is free for the next buyer at once, and for the first one gone', async () => {
    const copy = await app.receive(store);
    const first = await reserve([[copy, 1]]);
    await expect(reserve([[copy, 1]])).rejects.toMatchObject({ code: 'inventory.not_enough_stock' });
    await passTime();
    expect(await read(first)).toMatchObject({ state: 'expired' });
    const second = await reserve([[copy, 1]]);
    expect(second).toMatchObject({ state: 'held' });
    expect(await read(first)).toMatchObject({ state: 'released' });
    await expect(allocate(first)).rejects.toMatchObject({ code: 'inventory.reservation_transition' });
    expect(await get(copy)).toMatchObject({ free: 0, onHand: 1 });
  });

  test('that is over can neither be extended nor allocated, and is given back by any change', async () => {
    const copy = await app.receive(store);
    const made = await reserve([[copy, 1]]);
    await passTime();
    await expect(allocate(made)).rejects.toMatchObject({ code: 'inventory.hold_expired' });
    await expect(extend(made)).rejects.toMatchObject({ code: 'inventory.hold_expired' });
    await app.bus.execute(new WithdrawItem(store.actor, itemId(copy), { input: { reason: 'display' } }));
    expect(await get(copy)).toMatchObject({ free: 1, status: 'withdrawn' });
  });

  test('can be extended once, to ten minutes from then', async () => {
    const made = await reserve([[await app.receive(store), 1]], { holdSeconds: 60 });
    const extended = await extend(made);
    const gained = Date.parse(extended.expiresAt ?? '') - Date.parse(made.expiresAt ?? '');
    expect(gained).toBeGreaterThanOrEqual(540_000);
    await expect(extend(made)).rejects.toMatchObject({ code: 'inventory.hold_extended' });
    const long = await reserve([[await app.receive(store), 1]], { holdSeconds: 3_600 });
    expect(await extend(long)).toMatchObject({ expiresAt: long.expiresAt });
  });

  test('is tidied up by the sweeper when nobody asks for its item', async () => {
    const [copy, other] = [await app.receive(store), await app.receive(store)];
    await reserve([[copy, 1]]);
    await passTime();
    const kept = await reserve([[other, 1]]);
    const sweep = () => app.bus.execute(new ReleaseExpiredHolds(store.actor));
    expect([await sweep(), await sweep()]).toEqual([1, 0]);
    expect([await get(copy), await read(kept)]).toMatchObject([{ free: 1 }, { state: 'held' }]);
  });
});

describe('the life of a reservation', () => {
  test('goes from hold to allocation to commitment, and back by a return', async () => {
    const copy = await app.receive(store);
    const made = await reserve([[copy, 1]]);
    await expect(commit(made)).rejects.toMatchObject({
      code: 'inventory.reservation_transition',
      members: { currentState: 'held', allowed: ['extend', 'allocate', 'release'] },
    });
    expect(await allocate(made)).toMatchObject({ state: 'allocated', expiresAt: null });
    expect(await allocate(made)).toMatchObject({ state: 'allocated', version: 2 });
    expect(await commit(made)).toMatchObject({ state: 'committed' });
    expect(await get(copy)).toMatchObject({ onHand: 0, free: 0 });
    await expect(release(made)).rejects.toMatchObject({ code: 'inventory.reservation_transition' });
    expect(await giveBack(made)).toMatchObject({ state: 'returned' });
    expect(await get(copy)).toMatchObject({ onHand: 1, free: 1, status: 'available' });
    expect(await reserve([[copy, 1]])).toMatchObject({ state: 'held' });
  });

  test('may begin as an allocation, which does not expire', async () => {
    const copy = await app.receive(store);
    const made = await reserve([[copy, 1]], { state: 'allocated' });
    expect(made).toMatchObject({ state: 'allocated', expiresAt: null });
    await passTime();
    expect(await app.bus.execute(new ReleaseExpiredHolds(store.actor))).toBe(0);
    expect(await commit(made)).toMatchObject({ state: 'committed' });
  });

  test('goes item by item, and unit by unit, where the call names them', async () => {
    const [copy, pool] = [await app.receive(store), await app.receivePool(store, 9)];
    const made = await reserve([[copy, 1], [pool, 5]], { state: 'allocated' }); // prettier-ignore
    expect(await release(made, { items: [{ itemId: itemId(pool), quantity: 2 }] })).toMatchObject({ version: 3 });
    expect(await get(pool)).toMatchObject({ free: 6 });
    expect(await commit(made, [itemId(pool)])).toMatchObject({ state: 'mixed' });
    expect(await get(pool)).toMatchObject({ onHand: 6, free: 6 });
    await giveBack(made, { items: [{ itemId: itemId(pool), quantity: 1 }] });
    const tooMany = giveBack(made, { items: [{ itemId: itemId(pool), quantity: 3 }] });
    await expect(tooMany).rejects.toMatchObject({ code: 'inventory.too_many_units', members: { there: 2 } });
    expect(await get(pool)).toMatchObject({ onHand: 7 });
    await expect(release(made, { items: [{ itemId: newUuid() }] })).rejects.toMatchObject({
      code: 'inventory.nothing_reserved',
    });
  });

  test('is refused with another version than the caller has seen, and for other stores', async () => {
    const made = await reserve([[await app.receive(store), 1]]);
    const stale = app.bus.execute(new ExtendReservation(store.actor, idOf(made), { ifMatch: ['"v9"'] }));
    await expect(stale).rejects.toMatchObject({ code: 'http.precondition_failed' });
    const foreign = app.bus.execute(new ExtendReservation(app.newStore().actor, idOf(made), {}));
    await expect(foreign).rejects.toMatchObject({ code: 'http.not_found' });
  });
});
