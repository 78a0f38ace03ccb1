import { describe, expect, it } from '@jest/globals';
import { stockKills } from '../support/stock-kills.js';

describe('reservations while the api is killed', () => {
  it('are there exactly once where a buyer was told of one, and nowhere else', async () => {
    const found = await stockKills({ buyers: 120, lanes: 8, kills: 2, units: 60 });
    expect(found.repeats).toBeGreaterThan(0);
    expect(found).toMatchObject({ acknowledged: 60, lost: [], unknown: 0, breaches: [] });
    expect(found.statuses.filter((status) => status >= 500 && status !== 503)).toEqual([]);
  });
});
