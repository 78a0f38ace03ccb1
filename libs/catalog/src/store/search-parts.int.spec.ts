import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readListRequest } from '#platform/http';
import { migrate } from '#platform/persistence';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { CatalogApp } from '../../test/catalog-app.js';
import { ListReleases, RELEASES } from '../queries/list-releases.query.js';

const MIGRATION = '20261125160000-catalog-search-parts';
const owner = `recrate_test_owner_${randomBytes(4).toString('hex')}`;
let db: TestDatabase;
let app: CatalogApp;

beforeAll(async () => {
  db = await createTestDatabase();
  app = await CatalogApp.start(db);
});
afterAll(async () => {
  await app.close();
  await db.drop();
  const { admin, drop } = await createTestDatabase();
  await admin(`drop role ${owner}`);
  await drop();
});

/** Documents as they stood before the migration, with an owner who is no superuser: the forced policy is for that role, too. */
async function asBefore(): Promise<void> {
  const marked = (column: string, mark: string): string =>
    `array(select '${mark}:' || v from unnest(${column}) as v where v is not null)`;
  await db.admin(`create role ${owner} login createrole password '${owner}'`);
  for (const sql of [
    `create table catalog.earlier as select tenant_id, release_id, listed, document,
       ${marked('by_genre', 'g')} || ${marked('by_style', 's')} || ${marked('by_format', 'f')} || ${marked('by_label', 'l')}
       || ${marked('array[by_decade]', 'd')} || ${marked('array[by_country]', 'c')} as facets, artist_key, title_key, released_key
       from catalog.release_search`,
    'drop table catalog.release_search',
    'alter table catalog.earlier rename to release_search',
    'alter table catalog.release_search add primary key (tenant_id, release_id)',
    'create index release_search_document on catalog.release_search using gin (document)',
    'alter table catalog.release_search enable row level security, force row level security',
    `create policy tenant on catalog.release_search using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))`,
    `alter schema catalog owner to ${owner}`,
    `alter table catalog.release_search owner to ${owner}`,
    `alter table public.migration owner to ${owner}`,
    `grant create on database ${db.name} to ${owner}`,
    `delete from public.migration where name = '${MIGRATION}'`,
  ]) {
    await db.admin(sql);
  }
}

describe('documents in parts', () => {
  it('take over every row of every store, and are found and counted as before', async () => {
    const stores = [app.newStore(), app.newStore()];
    for (const store of stores) {
      const items = Array.from({ length: 40 }, (_, n) => ({
        externalId: String(n),
        title: `Title ${n}`,
        genres: n % 4 === 0 ? [] : ['Rock', 'Rock', `Genre: ${n % 3}`],
        styles: ['d:1990', 'Ünder "quotes", and \\'],
        formats: [{ name: 'Vinyl' }, { name: 'Vinyl' }],
        ...(n % 2 === 0 && { country: 'UK', released: '1999-03' }),
      }));
      await app.upsert(store, items);
    }
    const rows = () => db.admin('select * from catalog.release_search order by tenant_id, release_id');
    const lists = () =>
      Promise.all(
        stores.flatMap((store) =>
          [{ 'filter[genre]': 'rock' }, { q: 'title' }, {}].map((asked) => {
            const parameters = {
              ...asked,
              limit: '100',
              facets: 'genre,style,format,decade,country,label,inStock,category',
            };
            return app.bus.execute(new ListReleases(store, readListRequest(RELEASES, parameters)));
          }),
        ),
      );
    const [rowsBefore, listsBefore] = [await rows(), await lists()];
    await asBefore();
    const url = new URL(db.ownerUrl);
    [url.username, url.password] = [owner, owner];
    expect(await migrate({ ownerUrl: url.href })).toEqual([MIGRATION]);
    expect(rowsBefore).toHaveLength(80);
    expect(await rows()).toEqual(rowsBefore);
    expect(await lists()).toEqual(listsBefore);
  });

  it('are read through their table alone', async () => {
    const store = app.newStore();
    await app.work.run({ tenantId: store.tenantId, readOnly: true }, async (unit) => {
      await expect(unit.rows('select from catalog.release_search limit 1')).resolves.toHaveLength(0);
    });
    await app.work.run({ tenantId: store.tenantId, readOnly: true }, async (unit) => {
      await expect(unit.savepoint(() => unit.rows('select from catalog.release_search_0'))).rejects.toThrow(
        /permission denied/,
      );
    });
  });
});
