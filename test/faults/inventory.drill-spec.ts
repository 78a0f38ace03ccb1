import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { itemId } from '../../libs/inventory/test/inventory-app.js';
import { stockKills } from '../support/stock-kills.js';
import { StockRaces, tally } from '../support/stock-races.js';

describe('stock that many want at once, for long', () => {
  let races: StockRaces;
  beforeAll(async () => {
    races = await StockRaces.start();
  });
  afterAll(() => races.close());

  it('is sold once: of 10,000 buyers for one copy one gets it', async () => {
    const store = races.app.newStore();
    const copy = await races.app.receive(store);
    const endings = tally(await races.buyers(store, 10_000, itemId(copy), 1, 200));
    expect(endings).toEqual({ done: 1, 'inventory.not_enough_stock': 9_999 });
    expect(await races.breaches(store)).toEqual([]);
  }, 600_000);

  it('is never promised beyond what is there, whatever 64 writers do with one pool for long', async () => {
    for (let round = 0; round < 5; round++) {
      const store = races.app.newStore();
      const endings = await races.storm(store, { writers: 64, steps: 40, units: 60 });
      expect(endings.filter((ending) => !/^(?:done|inventory\.\w+)$/.test(ending))).toEqual([]);
      expect(await races.breaches(store)).toEqual([]);
    }
  }, 900_000);

  it('keeps its number while 2,000 transfers cross each other', async () => {
    const store = races.app.newStore();
    expect(await races.crossing(store, 2_000)).toEqual([50, 50]);
    expect(await races.breaches(store)).toEqual([]);
  }, 300_000);
});

describe('reservations while the api is killed, for long', () => {
  it('are there exactly once where a buyer was told of one, through 20 kills', async () => {
    const found = await stockKills({ buyers: 3_000, lanes: 16, kills: 20, units: 1_500 });
    expect(found.repeats).toBeGreaterThan(0);
    expect(found).toMatchObject({ acknowledged: 1_500, lost: [], unknown: 0, breaches: [] });
    expect(found.statuses.filter((status) => status >= 500 && status !== 503)).toEqual([]);
  }, 900_000);
});
