import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { newUuid } from '#platform/kernel';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { PRICE } from '../stock-list.js';

/** A tenant's list of 20,000 items, as the projection writes it, beside another tenant's. */
const FILL = `
  insert into inventory.stock_row_a (tenant_id, item_id, release_id, artist, title, genres, artist_key, search, kind, status, code, media_grade,
         price_amount, price_currency, on_hand, reserved, is_low, locations, received_at, changed_at, version, state)
  select $1, gen_random_uuid(), gen_random_uuid(), 'Artist ' || n, 'Title', '{Jazz}', 'artist ' || n, 'artist ' || n, 'single',
         case when n % 10 = 0 then 'written_off' when n % 7 = 0 then 'withdrawn' else 'available' end, 'C' || n, 'NM', n, 'EUR', 1, 0, n % 500 = 0,
         array[gen_random_uuid()], now() - n * interval '1 minute', now(), 1, '{}' from generate_series(1, 20000) n`;

let db: TestDatabase;
const tenant = newUuid();

beforeAll(async () => {
  db = await createTestDatabase();
  for (const one of [tenant, newUuid()]) await db.admin(FILL, [one]);
  await db.admin('analyze inventory.stock_row_a, inventory.stock_row_b');
});
afterAll(() => db.drop());

/** As the api's role: what its policy of the tenant hides decides which conditions an index may answer. */
async function planOf(condition: string, order: string): Promise<string> {
  const client = new Client({ connectionString: db.rtUrl });
  await client.connect();
  try {
    await client.query(`select set_config('app.tenant_id', $1, false)`, [tenant]);
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(
      `explain select s.item_id from inventory.stock_row_a s where s.tenant_id = '${tenant}' and ${condition}
        order by ${order} desc, s.item_id desc limit 21`,
    );
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  } finally {
    await client.end();
  }
}

describe('the plan of the stock list', () => {
  it.each([
    ['received_at', 'received', `s.status <> 'written_off'`],
    ['artist_key', 'artist', `s.status <> 'written_off'`],
    ['received_at', '(?:received|status)', `s.status = any('{available}')`],
    ['received_at', '(?:received|low)', 's.is_low = any(array[true])'],
    ['received_at', 'received', `s.status <> 'written_off' and s.genres && '{Jazz}'`],
  ])('by %s walks the index %s where %s', async (column, index, condition) => {
    const plan = await planOf(condition, `s.${column}`);
    expect(plan).toMatch(new RegExp(`Index Scan Backward using stock_row_${index}_a`));
    expect(plan).not.toContain('Seq Scan on stock_row_a');
  });

  it('by price walks its index', async () => {
    const plan = await planOf(`s.status <> 'written_off'`, PRICE);
    expect(plan).toMatch(/Index Scan Backward using stock_row_price_a/);
    const dear = await planOf(`s.status <> 'written_off' and ${PRICE} >= 19000`, PRICE);
    expect(dear).toMatch(/Index Cond: .*price_amount.*>= 19000/);
  });
});
