import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newUuid, parseId, type SystemActor } from '#platform/kernel';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { CatalogApp, idsOf } from '../../test/catalog-app.js';
import { FindLikelyDuplicates } from '../queries/find-likely-duplicates.query.js';
import { GetRelease } from '../queries/get-release.query.js';
import { ArchiveRelease } from './archive-release.command.js';
import { CreateCategory } from './create-category.command.js';
import { CreateRelease, type CreateReleaseInput } from './create-release.command.js';
import { MergeRelease } from './merge-release.command.js';
import { RestoreRelease } from './restore-release.command.js';
import { SetReleaseCategories } from './set-release-categories.command.js';
import { UpdateRelease, type UpdateReleaseInput } from './update-release.command.js';

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

const uuid = (id: string): string => parseId('release', id) ?? '';
const create = (actor: SystemActor, input: CreateReleaseInput) => app.bus.execute(new CreateRelease(actor, input));
const update = (actor: SystemActor, id: string, input: UpdateReleaseInput, ifMatch?: string[]) =>
  app.bus.execute(new UpdateRelease(actor, id, { input, ...(ifMatch && { ifMatch }) }));
const read = (actor: SystemActor, id: string) => app.bus.execute(new GetRelease(actor, id));
const merge = (actor: SystemActor, id: string, into: string) =>
  app.bus.execute(new MergeRelease(actor, id, { input: { into } }));
const factsOf = async ({ tenantId }: SystemActor) =>
  (
    await db.admin<{ type: string }>('select type from es.events where tenant_id = $1 order by position', [tenantId])
  ).map(({ type }) => type);

describe('a release', () => {
  it('is changed member by member, and null clears', async () => {
    const store = app.newStore();
    const { id } = await create(store, { title: 'One', country: 'UK', genres: ['Jazz'], weightGrams: 200 });
    const changed = await update(store, uuid(id), { country: null, genres: ['Rock'] });
    expect(changed).toMatchObject({ title: 'One', country: null, genres: ['Rock'], weightGrams: 200, version: 2 });
    expect(await update(store, uuid(id), { genres: ['Rock'] })).toMatchObject({ version: 2 });
    expect(await read(store, uuid(id))).toEqual(changed);
    expect(await factsOf(store)).toEqual(['catalog.release-created.v1', 'catalog.release-changed.v1']);
  });

  it('is changed by one of many who have read the same version', async () => {
    const store = app.newStore();
    const { id } = await create(store, { title: 'One' });
    const tries = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => update(store, uuid(id), { title: `Title ${i}` }, ['"v1.0"'])),
    );
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const one of tries)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'http.precondition_failed' });
  });

  it('is archived and restored, each once, and takes no change meanwhile', async () => {
    const store = app.newStore();
    const id = uuid((await create(store, { title: 'One' })).id);
    for (const _ of [1, 2])
      expect(await app.bus.execute(new ArchiveRelease(store, id))).toMatchObject({ state: 'archived', version: 2 });
    await expect(update(store, id, { title: 'x' })).rejects.toMatchObject({ code: 'catalog.release_archived' });
    for (const _ of [1, 2])
      expect(await app.bus.execute(new RestoreRelease(store, id))).toMatchObject({ state: 'active', version: 3 });
    expect(await factsOf(store)).toEqual([
      'catalog.release-created.v1',
      'catalog.release-archived.v1',
      'catalog.release-restored.v1',
    ]);
  });

  it('keeps an external id that another release has from being taken', async () => {
    const store = app.newStore();
    const externalIds = [{ source: 'till', externalId: '17' }];
    const first = await create(store, { title: 'One', externalIds });
    await expect(create(store, { title: 'Two', externalIds })).rejects.toMatchObject({
      code: 'catalog.external_id_taken',
      members: { releaseId: first.id },
    });
  });

  it('of another store is as unknown as none', async () => {
    const [store, other] = [app.newStore(), app.newStore()];
    const id = uuid((await create(store, { title: 'One' })).id);
    for (const wrong of [id, newUuid()]) {
      await expect(read(other, wrong)).rejects.toMatchObject({ code: 'http.not_found' });
      await expect(update(other, wrong, { title: 'x' })).rejects.toMatchObject({ code: 'http.not_found' });
      await expect(merge(other, wrong, newUuid())).rejects.toMatchObject({ code: 'http.not_found' });
      await expect(app.bus.execute(new ArchiveRelease(other, wrong))).rejects.toMatchObject({ code: 'http.not_found' });
    }
  });
});

describe('likely duplicates', () => {
  it.each<[string, CreateReleaseInput, CreateReleaseInput, string[]]>([
    [
      'barcodes in another spelling',
      { title: 'A', barcode: '5 012-34' },
      { title: 'B', barcode: '501234' },
      ['barcode'],
    ],
    [
      'the same number of a label',
      { title: 'A', labels: [{ name: 'Svek', catalogNumber: 'SK 032' }] },
      { title: 'B', labels: [{ name: 'SVEK', catalogNumber: 'sk032' }] },
      ['catalog_number'],
    ],
    [
      'artist and title without accents',
      { title: 'Début', artists: ['Björk'] },
      { title: 'debut', artists: ['Bjork'] },
      ['artist_and_title'],
    ],
  ])('are found by %s', async (_, first, second, reasons) => {
    const store = app.newStore();
    const { id } = await create(store, first);
    const created = await create(store, second);
    expect(created.likelyDuplicates).toMatchObject([{ release: { id }, reasons }]);
    expect(await app.bus.execute(new FindLikelyDuplicates(store, uuid(id)))).toMatchObject({
      likelyDuplicates: [{ release: { id: created.id }, reasons }],
    });
  });

  it.each<[string, CreateReleaseInput, CreateReleaseInput]>([
    [
      'the same number of another label',
      { title: 'A', labels: [{ name: 'X', catalogNumber: '1' }] },
      { title: 'B', labels: [{ name: 'Y', catalogNumber: '1' }] },
    ],
    [
      'no number at all',
      { title: 'A', labels: [{ name: 'X', catalogNumber: 'none' }] },
      { title: 'B', labels: [{ name: 'X', catalogNumber: 'None' }] },
    ],
    ['the same title of another artist', { title: 'A', artists: ['X'] }, { title: 'A', artists: ['Y'] }],
  ])('are not what has %s', async (_, first, second) => {
    const store = app.newStore();
    await create(store, first);
    expect((await create(store, second)).likelyDuplicates).toEqual([]);
  });
});

describe('a merge', () => {
  it('moves external ids and categories, and the loser says where it went', async () => {
    const store = app.newStore();
    const [a = '', b = ''] = idsOf(
      await app.upsert(store, [
        { externalId: '1', title: 'A' },
        { externalId: '2', title: 'B' },
      ]),
    );
    const category = await app.bus.execute(new CreateCategory(store, { name: 'Window' }));
    const categoryIds = [parseId('category', category.id) ?? ''];
    await app.bus.execute(new SetReleaseCategories(store, a, { input: { categoryIds } }));
    const loser = await merge(store, a, b);
    const winner = await read(store, b);
    expect(loser).toMatchObject({ state: 'merged', mergedInto: winner.id, externalIds: [], categoryIds: [] });
    expect(winner).toMatchObject({
      state: 'active',
      categoryIds: [category.id],
      externalIds: [
        { source: 'discogs', externalId: '1' },
        { source: 'discogs', externalId: '2' },
      ],
    });
    expect(await merge(store, a, b)).toEqual(loser);
    expect(await app.upsert(store, [{ externalId: '1', country: 'UK' }])).toMatchObject([
      { outcome: 'updated', releaseId: b },
    ]);
    expect((await factsOf(store)).filter((type) => type === 'catalog.release-merged.v1')).toHaveLength(1);
  });

  it('leads from everything merged before to the last one', async () => {
    const store = app.newStore();
    const [a = '', b = '', c = ''] = idsOf(
      await app.upsert(
        store,
        ['1', '2', '3'].map((externalId) => ({ externalId, title: externalId })),
      ),
    );
    await merge(store, a, b);
    await merge(store, b, c);
    const last = await read(store, c);
    expect([await read(store, a), await read(store, b)].map(({ mergedInto }) => mergedInto)).toEqual([
      last.id,
      last.id,
    ]);
  });

  it('with itself, with nothing, with an archived one, and of what was merged is refused', async () => {
    const store = app.newStore();
    const [a = '', b = '', c = ''] = idsOf(
      await app.upsert(
        store,
        ['1', '2', '3'].map((externalId) => ({ externalId, title: externalId })),
      ),
    );
    await expect(merge(store, a, a)).rejects.toMatchObject({ code: 'catalog.merge_with_itself' });
    await expect(merge(store, a, newUuid())).rejects.toMatchObject({ code: 'catalog.release_unknown' });
    await app.bus.execute(new ArchiveRelease(store, c));
    await expect(merge(store, a, c)).rejects.toMatchObject({ code: 'catalog.release_archived' });
    await merge(store, a, b);
    await expect(merge(store, a, c)).rejects.toMatchObject({ code: 'catalog.release_merged' });
    await expect(app.bus.execute(new RestoreRelease(store, a))).rejects.toMatchObject({
      code: 'catalog.release_merged',
    });
  });

  it('of two into each other at the same time leaves one of them', async () => {
    const store = app.newStore();
    const [a = '', b = ''] = idsOf(
      await app.upsert(
        store,
        ['1', '2'].map((externalId) => ({ externalId, title: externalId })),
      ),
    );
    await Promise.allSettled([merge(store, a, b), merge(store, b, a)]);
    const states = [await read(store, a), await read(store, b)].map(({ state }) => state);
    expect(states.sort()).toEqual(['active', 'merged']);
  });
});
