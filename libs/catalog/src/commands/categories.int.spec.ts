import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { formatId, newUuid, parseId, type SystemActor } from '#platform/kernel';
import { readListRequest } from '#platform/http';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { CatalogApp, idsOf } from '../../test/catalog-app.js';
import { ListCategories } from '../queries/list-categories.query.js';
import { ListReleases, RELEASES } from '../queries/list-releases.query.js';
import { CreateCategory } from './create-category.command.js';
import { DeleteCategory } from './delete-category.command.js';
import { MoveCategory } from './move-category.command.js';
import { RenameCategory } from './rename-category.command.js';
import { SetReleaseCategories } from './set-release-categories.command.js';

let db: TestDatabase;
let app: CatalogApp;

beforeAll(async () => {
  db = await createTestDatabase();
  app = await CatalogApp.start(db);
});
afterAll(async () => {
  await app.close();
  await db.drop();
});

const uuid = (id: string): string => parseId('category', id) ?? '';
async function create(
  store: SystemActor,
  name: string,
  parentId: string | null = null,
  place?: number,
): Promise<string> {
  const input = { name, parentId, ...(place !== undefined && { place }) };
  return uuid((await app.bus.execute(new CreateCategory(store, input))).id);
}
const move = (store: SystemActor, id: string, parentId: string | null, place?: number) =>
  app.bus.execute(new MoveCategory(store, id, { input: { parentId, ...(place !== undefined && { place }) } }));
const names = async (store: SystemActor) =>
  (await app.bus.execute(new ListCategories(store))).categories.map(({ name }) => name);

describe('categories', () => {
  it('stand in a tree, siblings in their order', async () => {
    const store = app.newStore();
    const rock = await create(store, 'Rock');
    await create(store, 'Jazz', null, 0);
    const punk = await create(store, 'Punk', rock);
    await create(store, 'Kraut', rock, 0);
    expect(await names(store)).toEqual(['Jazz', 'Rock', 'Kraut', 'Punk']);
    await move(store, punk, rock, 0);
    expect(await names(store)).toEqual(['Jazz', 'Rock', 'Punk', 'Kraut']);
    await move(store, punk, null, 1);
    expect(await names(store)).toEqual(['Jazz', 'Punk', 'Rock', 'Kraut']);
  });

  it('have names that no sibling has, in whatever case or spelling of Unicode', async () => {
    const store = app.newStore();
    const cafe = await create(store, 'Caf\u00e9');
    await expect(create(store, 'cafe\u0301')).rejects.toMatchObject({ code: 'catalog.category_name_taken' });
    const below = await create(store, 'CAF\u00c9', cafe);
    await expect(move(store, below, null)).rejects.toMatchObject({ code: 'catalog.category_name_taken' });
    const other = await create(store, 'Bar');
    const rename = new RenameCategory(store, other, { input: { name: 'CAFÉ' } });
    await expect(app.bus.execute(rename)).rejects.toMatchObject({ code: 'catalog.category_name_taken' });
    await create(app.newStore(), 'Caf\u00e9');
  });

  it('never stand below themselves, nor deeper than 8 levels', async () => {
    const store = app.newStore();
    const path: string[] = [];
    for (let level = 0; level < 8; level++) path.push(await create(store, `Level ${level}`, path.at(-1) ?? null));
    await expect(create(store, 'Too deep', path.at(-1))).rejects.toMatchObject({ code: 'catalog.category_too_deep' });
    await expect(move(store, path[0] ?? '', path[3] ?? '')).rejects.toMatchObject({ code: 'catalog.category_cycle' });
    await expect(move(store, path[0] ?? '', path[0] ?? '')).rejects.toMatchObject({ code: 'catalog.category_cycle' });
    await expect(move(store, path[1] ?? '', newUuid())).rejects.toMatchObject({ code: 'catalog.category_unknown' });
  });

  it('make no cycle and lose none when they are moved below each other at the same time', async () => {
    const store = app.newStore();
    const ids: string[] = [];
    for (let i = 0; i < 6; i++) ids.push(await create(store, `Category ${i}`));
    const pairs = ids.flatMap((id) => ids.filter((other) => other !== id).map((other) => [id, other] as const));
    await Promise.allSettled(pairs.map(([id, parent]) => move(store, id, parent)));
    expect((await names(store)).sort()).toEqual(ids.map((_, i) => `Category ${i}`));
    const places = await db.admin(
      `select parent_id, array_agg(place order by place) = array_agg((row - 1)::integer order by row) as whole from (
         select parent_id, place, row_number() over (partition by parent_id order by place) as row
           from catalog.category where tenant_id = $1) as c group by parent_id`,
      [store.tenantId],
    );
    expect(places.filter((row) => !(row as { whole: boolean }).whole)).toEqual([]);
  });

  it('show the releases of all below them', async () => {
    const store = app.newStore();
    const rock = await create(store, 'Rock');
    const punk = await create(store, 'Punk', rock);
    const jazz = await create(store, 'Jazz');
    const [a = '', b = ''] = idsOf(
      await app.upsert(
        store,
        ['A', 'B'].map((title, i) => ({ externalId: String(i), title })),
      ),
    );
    await app.bus.execute(new SetReleaseCategories(store, a, { input: { categoryIds: [punk, jazz] } }));
    await app.bus.execute(new SetReleaseCategories(store, b, { input: { categoryIds: [rock] } }));
    const titles = async (id: string) => {
      const tree = await app.bus.execute(new ListCategories(store));
      const typed = tree.categories.find((one) => uuid(one.id) === id)?.id ?? '';
      const request = readListRequest(RELEASES, { 'filter[category]': typed, sort: 'title' });
      return (await app.bus.execute(new ListReleases(store, request))).data.map(({ title }) => title);
    };
    expect([await titles(rock), await titles(punk), await titles(jazz)]).toEqual([['A', 'B'], ['A'], ['A']]);
    await move(store, punk, jazz);
    expect([await titles(rock), await titles(jazz)]).toEqual([['B'], ['A']]);
  });

  it('of another store are no filter: nothing is found by them, and nothing is counted', async () => {
    const [store, other] = [app.newStore(), app.newStore()];
    const rock = await create(other, 'Rock');
    for (const owner of [store, other]) {
      const [id = ''] = idsOf(await app.upsert(owner, [{ externalId: '1', title: 'A', country: 'UK' }]));
      if (owner === other)
        await app.bus.execute(new SetReleaseCategories(other, id, { input: { categoryIds: [rock] } }));
    }
    const request = readListRequest(RELEASES, {
      'filter[category]': formatId('category', rock),
      facets: 'category,country',
      include: 'total',
    });
    const found = async (owner: SystemActor) => {
      const { data, page } = await app.bus.execute(new ListReleases(owner, request));
      const { facets, total } = page as typeof page & { facets: { name: string; values: unknown[] }[] };
      return {
        titles: data.map(({ title }) => title),
        total: total?.count,
        country: facets[1]?.values,
        category: facets[0]?.values,
      };
    };
    const uk = [{ value: 'UK', count: 1 }];
    expect(await found(other)).toMatchObject({ titles: ['A'], total: 1, country: uk });
    expect(await found(store)).toEqual({ titles: [], total: 0, country: [], category: [] });
  });

  it('are deleted only when nothing is in them', async () => {
    const store = app.newStore();
    const rock = await create(store, 'Rock');
    const punk = await create(store, 'Punk', rock);
    const [a = ''] = idsOf(await app.upsert(store, [{ externalId: '1', title: 'A' }]));
    await app.bus.execute(new SetReleaseCategories(store, a, { input: { categoryIds: [punk] } }));
    const remove = (id: string) => app.bus.execute(new DeleteCategory(store, id));
    const code = 'catalog.category_not_empty';
    await expect(remove(rock)).rejects.toMatchObject({ code, members: { categories: 1, releases: 0 } });
    await expect(remove(punk)).rejects.toMatchObject({ code, members: { categories: 0, releases: 1 } });
    await app.bus.execute(new SetReleaseCategories(store, a, { input: { categoryIds: [] } }));
    await remove(punk);
    await remove(rock);
    expect(await names(store)).toEqual([]);
  });
});
