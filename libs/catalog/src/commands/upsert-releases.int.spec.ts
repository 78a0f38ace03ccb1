import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { CatalogApp, idsOf } from '../../test/catalog-app.js';
import { GetReleaseFacts } from '../queries/get-release-facts.query.js';
import type { ReleaseItem } from './upsert-releases.command.js';
import { SetStockStatus } from './set-stock-status.command.js';

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

const STOCKHOLM: ReleaseItem = {
  externalId: '1',
  title: 'Stockholm',
  artists: ['The Persuader'],
  labels: [{ name: 'Svek', catalogNumber: 'SK032' }],
  formats: [{ name: 'Vinyl', quantity: 2, descriptions: ['12"', '33 ⅓ RPM'] }],
  country: 'Sweden',
  released: '1999-03',
  genres: ['Electronic'],
  styles: ['Deep House'],
  tracks: [{ position: 'A', title: 'Östermalm', duration: '4:45' }],
};
const eventsOf = (tenantId: string) =>
  db.admin<{ type: string; data: Record<string, unknown> }>(
    'select type, data from es.events where tenant_id = $1 order by position',
    [tenantId],
  );

describe('releases that are sent by their external ids', () => {
  it('are created once, and then known again', async () => {
    const store = app.newStore();
    const [id] = idsOf(await app.upsert(store, [STOCKHOLM]));
    expect(await app.upsert(store, [STOCKHOLM])).toEqual([{ outcome: 'unchanged', releaseId: id, version: 1 }]);
    expect(await app.upsert(store, [{ externalId: '1', country: null }])).toEqual([
      { outcome: 'updated', releaseId: id, version: 2 },
    ]);
    const [row] = await db.admin<object>('select * from catalog.release where tenant_id = $1', [store.tenantId]);
    expect(row).toMatchObject({
      title: 'Stockholm',
      country: null,
      labels: STOCKHOLM.labels,
      tracks: STOCKHOLM.tracks,
    });
  });

  it('are the same release for the same item after somebody else changed and changed it back', async () => {
    const store = app.newStore();
    const [id] = idsOf(await app.upsert(store, [STOCKHOLM]));
    await app.upsert(store, [{ externalId: '1', country: 'Norway' }]);
    expect(await app.upsert(store, [STOCKHOLM])).toEqual([{ outcome: 'updated', releaseId: id, version: 3 }]);
  });

  it('are unchanged by an item that says the same in another order', async () => {
    const store = app.newStore();
    const [id] = idsOf(await app.upsert(store, [STOCKHOLM]));
    const turned = Object.fromEntries(Object.entries(STOCKHOLM).reverse()) as unknown as ReleaseItem;
    for (let turn = 0; turn < 2; turn++) {
      expect(await app.upsert(store, [turned])).toEqual([{ outcome: 'unchanged', releaseId: id, version: 1 }]);
    }
  });

  it('are only looked up by an item that names them and says nothing: what is known of them stays, an archived one fails', async () => {
    const store = app.newStore();
    const [id] = idsOf(await app.upsert(store, [STOCKHOLM]));
    const known = () =>
      db.admin<object>('select xmin, item_hash from catalog.external_id where tenant_id = $1', [store.tenantId]);
    const before = await known();
    expect(await app.upsert(store, [{ externalId: '1' }])).toEqual([
      { outcome: 'unchanged', releaseId: id, version: 1 },
    ]);
    expect(await known()).toEqual(before);
    await db.admin(`update catalog.release set state = 'archived' where tenant_id = $1`, [store.tenantId]);
    expect(await app.upsert(store, [{ externalId: '1' }])).toEqual([
      expect.objectContaining({ outcome: 'failed', code: 'catalog.release_archived' }),
    ]);
  });

  it('fail alone, with a code and the place in the item, in the order they came', async () => {
    const store = app.newStore();
    const outcomes = await app.upsert(store, [
      { externalId: '1' },
      STOCKHOLM,
      { externalId: '3', title: 'x', tracks: [{ title: 'ok' }, { title: 'a\u0000b' }] },
      { externalId: '4', title: 'Four', released: '1999-02-30' },
      { externalId: '5', title: 'Five' },
      { externalId: '5', title: 'Five again' },
      { externalId: 'a\u0000b' },
    ]);
    expect(outcomes.map((one) => (one.outcome === 'failed' ? [one.code, one.field] : one.outcome))).toEqual([
      ['catalog.title_missing', '/title'],
      ['catalog.duplicate_in_request', '/externalId'],
      ['catalog.invalid_release', '/tracks/1/title'],
      ['catalog.invalid_release', '/released'],
      'created',
      ['catalog.duplicate_in_request', '/externalId'],
      ['catalog.invalid_release', '/externalId'],
    ]);
  });

  it('belong to their source and their store', async () => {
    const [one, other] = [app.newStore(), app.newStore()];
    const ids = [
      ...idsOf(await app.upsert(one, [STOCKHOLM])),
      ...idsOf(await app.upsert(one, [STOCKHOLM], { source: 'file' })),
      ...idsOf(await app.upsert(other, [STOCKHOLM])),
    ];
    expect(new Set(ids).size).toBe(3);
    const facts = await app.bus.execute(new GetReleaseFacts(one, ids));
    expect(facts.map(({ id }) => id).sort()).toEqual(ids.slice(0, 2).sort());
  });

  it('have one id in all spellings of Unicode', async () => {
    const store = app.newStore();
    const [id] = idsOf(await app.upsert(store, [{ externalId: 'caf\u00e9', title: 'One' }]));
    expect(await app.upsert(store, [{ externalId: 'cafe\u0301', title: 'One' }])).toMatchObject([{ releaseId: id }]);
  });

  it('are told of in one event, without those that did not change', async () => {
    const store = app.newStore();
    const [first] = idsOf(await app.upsert(store, [STOCKHOLM]));
    const [, second] = idsOf(
      await app.upsert(store, [STOCKHOLM, { externalId: '2', title: 'Two' }], { importId: 'i1' }),
    );
    await app.upsert(store, [STOCKHOLM]);
    expect(await eventsOf(store.tenantId)).toEqual([
      {
        type: 'catalog.releases-imported.v1',
        data: {
          source: 'discogs',
          releaseIds: [first],
          artists: ['The Persuader'],
          titles: ['Stockholm'],
          genres: [['Electronic']],
        },
      },
      {
        type: 'catalog.releases-imported.v1',
        data: { source: 'discogs', importId: 'i1', releaseIds: [second], artists: [''], titles: ['Two'], genres: [[]] },
      },
    ]);
  });

  it('are created once by calls at the same time', async () => {
    const store = app.newStore();
    const items = Array.from({ length: 50 }, (_, i) => ({ externalId: String(i), title: `Title ${i}` }));
    const calls = await Promise.all(
      Array.from({ length: 8 }, (_, i) => app.upsert(store, i % 2 === 0 ? items : items.toReversed())),
    );
    const created = calls.flat().filter(({ outcome }) => outcome === 'created');
    expect(created).toHaveLength(50);
    const [count] = await db.admin<{ n: number }>(
      'select count(*)::int as n from catalog.release where tenant_id = $1',
      [store.tenantId],
    );
    expect(count?.n).toBe(50);
  });

  it('come in at 5,000 a call, also as the worker', async () => {
    const worker = await CatalogApp.start(db, { role: 'worker' });
    const store = worker.newStore();
    const items = Array.from({ length: 5_000 }, (_, i) => ({ ...STOCKHOLM, externalId: String(i) }));
    const outcomes = await worker.upsert(store, items);
    expect(outcomes.filter(({ outcome }) => outcome === 'created')).toHaveLength(5_000);
    await worker.close();
  });
});

describe('facts of releases', () => {
  it('tell other contexts what kind of goods they are, and whether they are still there', async () => {
    const store = app.newStore();
    const [id = ''] = idsOf(await app.upsert(store, [{ ...STOCKHOLM, artists: ['A', 'B'] }]));
    expect(await app.bus.execute(new GetReleaseFacts(store, [id]))).toEqual([
      { id, productType: 'record', archived: false },
    ]);
  });
});

describe('what is in stock of a release', () => {
  it('is the last that inventory said', async () => {
    const store = app.newStore();
    const [a = '', b = ''] = idsOf(await app.upsert(store, [STOCKHOLM, { externalId: '2', title: 'Two' }]));
    const set = (items: { releaseId: string; available: number }[]) =>
      app.bus.execute(new SetStockStatus(store, { items }));
    await set([{ releaseId: a, available: 3 }]);
    await set([
      { releaseId: b, available: 1 },
      { releaseId: a, available: 0 },
      { releaseId: b, available: 7 },
    ]);
    const rows = await db.admin('select release_id, available from catalog.release_stock where tenant_id = $1', [
      store.tenantId,
    ]);
    expect(rows).toEqual(
      expect.arrayContaining([
        { release_id: a, available: 0 },
        { release_id: b, available: 7 },
      ]),
    );
  });
});
