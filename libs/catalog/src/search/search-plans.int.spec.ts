import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readListRequest } from '#platform/http';
import { formatId, newUuid, type SystemActor } from '#platform/kernel';
import { Unit } from '#platform/persistence';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { CatalogApp, idsOf } from '../../test/catalog-app.js';
import { CreateCategory } from '../commands/create-category.command.js';
import { ListReleases, RELEASES } from '../queries/list-releases.query.js';

let db: TestDatabase;
let app: CatalogApp;
let store: SystemActor;
let category: string;

const GENRES = ['Rock', 'Jazz', 'Pop', 'Folk', 'Soul', 'Dub', 'Punk', 'Funk', 'Blues', 'Latin'];

beforeAll(async () => {
  db = await createTestDatabase();
  app = await CatalogApp.start(db);
  store = app.newStore();
  for (const other of [store, app.newStore()]) {
    for (const from of [0, 5_000]) {
      const items = Array.from({ length: 5_000 }, (_, i) => {
        const n = from + i;
        return {
          externalId: String(n),
          title: `Title ${n.toString(36)}`,
          artists: [`${n.toString(36)} ${(n * 7_919).toString(36)}`],
          genres: [GENRES[n % 10] ?? '', ...(n % 2 === 0 ? ['Common'] : [])],
          styles: [`Style ${n % 97}`],
          formats: [{ name: `Format ${n % 30}` }],
          labels: [{ name: `Label ${n % 499}`, catalogNumber: `L ${n}` }],
          country: `Country ${n % 40}`,
          released: String(1950 + (n % 70)),
        };
      });
      const ids = idsOf(await app.upsert(other, items));
      if (other === store && from === 0) category = await sorted(ids.slice(0, 20));
    }
  }
  await db.admin('analyze');
});
afterAll(async () => {
  await app.close();
  await db.drop();
});

/** A category with some releases in it, that are in stock, beside one with the many others, that are sold. */
async function sorted(ids: readonly string[]): Promise<string> {
  const { id } = await app.bus.execute(new CreateCategory(store, { name: 'Window' }));
  await app.bus.execute(new CreateCategory(store, { name: 'Cellar' }));
  await db.admin(
    `insert into catalog.release_category select r.tenant_id, c.id, r.id from catalog.category c join catalog.release r
        on r.tenant_id = c.tenant_id and (c.name = 'Window') = (r.id = any($2::uuid[])) where c.tenant_id = $1`,
    [store.tenantId, ids],
  );
  await db.admin(
    `insert into catalog.release_stock select r.tenant_id, r.id, case when r.id = any($2::uuid[]) then 1 else 0 end
       from catalog.release r where r.tenant_id = $1`,
    [store.tenantId, ids],
  );
  return id;
}

/** The plans of the statements that a list sends, under the settings they are sent under, as the role and tenant. */
async function plansOf(parameters: Record<string, string>): Promise<string> {
  const sent: ([string, readonly unknown[]] | Readonly<Record<string, string>>)[] = [];
  const { rows, prepared, setLocal } = Unit.prototype;
  const spies = [
    jest.spyOn(Unit.prototype, 'rows').mockImplementation(function (this: Unit, sql, values = []) {
      sent.push([sql, values]);
      return rows.call(this, sql, values) as never;
    }),
    jest.spyOn(Unit.prototype, 'prepared').mockImplementation(function (this: Unit, name, sql, values) {
      sent.push([sql, values]);
      return prepared.call(this, name, sql, values) as never;
    }),
    jest.spyOn(Unit.prototype, 'setLocal').mockImplementation(function (this: Unit, settings) {
      sent.push(settings);
      return setLocal.call(this, settings);
    }),
  ];
  await app.bus.execute(new ListReleases(store, readListRequest(RELEASES, parameters)));
  spies.forEach((spy) => spy.mockRestore());
  return app.work.run({ tenantId: store.tenantId, readOnly: true }, async (unit) => {
    const plans: string[] = [];
    for (const one of sent) {
      if (!Array.isArray(one)) await unit.setLocal(one as Readonly<Record<string, string>>);
      else
        plans.push(...(await unit.rows<object>(`explain ${one[0]}`, one[1])).map((line) => Object.values(line).join()));
    }
    return plans.join('\n');
  });
}

describe('the plan of a list', () => {
  it.each<[string, Record<string, string>]>([
    ['words', { q: 'title 7ps' }],
    ['a catalogue number', { q: 'L 4711' }],
    ['a genre', { 'filter[genre]': 'Jazz' }],
    ['a style', { 'filter[style]': 'Style 5' }],
    ['a format', { 'filter[format]': 'Format 7' }],
    ['a decade', { 'filter[decade]': '1970' }],
    ['a country', { 'filter[country]': 'Country 3' }],
    ['a label', { 'filter[label]': 'Label 30' }],
    ['two filters and facets', { 'filter[genre]': 'Jazz', 'filter[decade]': '1970', facets: 'genre,decade,label' }],
  ])('by %s looks into the documents’ index', async (_, parameters) => {
    const plan = await plansOf(parameters);
    expect(plan).toMatch(/Bitmap Index Scan on release_search_0_document_idx/);
    expect(plan).toMatch(/Index Cond: \(document @@ /);
    expect(plan).not.toMatch(/Seq Scan on release(_search_\d)? /);
  });

  it('that is counted by facets is looked up once more for each facet that filters it, and for no other', async () => {
    const filters = { 'filter[genre]': 'Jazz', 'filter[decade]': '1970' };
    const looks = async (facets: string) =>
      (await plansOf({ ...filters, facets })).match(/Bitmap Index Scan on release_search_0_document_idx/g)?.length;
    expect([await looks('label,style,inStock,category'), await looks('label,genre,decade')]).toEqual([1, 3]);
  });

  it('by a misspelt word looks into the terms’ index with the tenant', async () => {
    const plan = await plansOf({ q: 'titel 7pss' });
    expect(plan).toMatch(/Bitmap Index Scan on search_term_likeness/);
    expect(plan).not.toContain('Seq Scan on search_term');
  });

  it('by category goes by the category’s releases', async () => {
    const plan = await plansOf({ 'filter[category]': category });
    expect(plan).toMatch(/release_category_(pkey|release)/);
    expect(plan).not.toContain('Seq Scan on release ');
  });

  it('by what is in stock goes by what is in stock', async () => {
    const plan = await plansOf({ 'filter[inStock]': 'true' });
    expect(plan).toMatch(/release_stock_(available|pkey)/);
    expect(plan).not.toContain('Seq Scan on release ');
  });

  it.each([
    ['title', 'release_title'],
    ['-artist', 'release_artist'],
    ['-released', 'release_released'],
    ['-createdAt', 'release_pkey'],
  ])('sorted by %s goes along %s', async (sort, index) => {
    const plan = await plansOf({ sort });
    expect(plan).toMatch(new RegExp(`Index (Only )?Scan (Backward )?using ${index}`));
    expect(plan).not.toMatch(/Seq Scan on release |^\s*(?:-> +)?Sort /m);
  });

  it('that is sorted and matches more than is sorted in memory goes along the index of the order', async () => {
    const plan = await plansOf({ 'filter[genre]': 'Common', sort: 'title' });
    expect(plan).toMatch(/Index Scan using release_title/);
    expect(plan).toMatch(/Index Scan using release_search_0_pkey/);
  });

  it('of a category of nobody reads nothing', async () => {
    const plan = await plansOf({ 'filter[category]': formatId('category', newUuid()) });
    expect(plan).not.toContain('Seq Scan on release ');
  });
});
