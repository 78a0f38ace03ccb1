import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SystemActor } from '#platform/kernel';
import type { CreateJobInput } from '../../libs/freight/src/commands/job-input.js';
import type { JobView } from '../../libs/freight/src/freight.views.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { FreightApp } from '../support/freight.js';
import { contentOf, hasSharedData } from './freight-files.js';
import { discogsCollection } from './mappings/discogs-collection.js';
import { goodbooks } from './mappings/goodbooks.js';
import { hungarianRecordShop } from './mappings/hungarian-record-shop.js';
import type { RealImport } from './mappings/real-import.js';
import { rollingStone500 } from './mappings/rolling-stone-500.js';
import { videoGameSales } from './mappings/video-game-sales.js';

if (!hasSharedData) {
  it('real files are not imported: ../shared/data is not beside the project', () => expect(hasSharedData).toBe(false));
} else {
  describe('real files, imported into catalogue and stock', () => {
    let database: TestDatabase;
    let app: FreightApp;

    beforeAll(async () => {
      database = await createTestDatabase();
      app = await FreightApp.start(database, { targets: 'contexts' });
    });
    afterAll(async () => {
      const faults = await app.accountingFaults();
      await app.stop();
      await database.drop();
      expect(faults).toEqual([]);
    });

    async function importOf(store: SystemActor, { file, mapping, options }: RealImport): Promise<JobView> {
      const given = { ...options, mapping, errorBudget: { action: 'continue' } } as unknown as Partial<CreateJobInput>;
      const { id } = await app.start(store, await contentOf(file), given);
      return app.over(store, id, 120_000);
    }
    const held = async ({ tenantId }: SystemActor): Promise<{ releases: number; items: number }> => {
      const [row] = await database.admin<{ releases: number; items: number }>(
        `select (select count(*)::int from catalog.release where tenant_id = $1) as releases,
           (select count(*)::int from inventory.item where tenant_id = $1) as items`,
        [tenantId],
      );
      return row ?? { releases: 0, items: 0 };
    };

    it.each([discogsCollection, hungarianRecordShop, rollingStone500, goodbooks, videoGameSales])(
      '$file: every record has its outcome, and the second time nothing is new',
      async (real) => {
        const store = app.newStore();
        const first = await importOf(store, real);
        expect(first.counts).toMatchObject({ total: real.rows, failed: 0, updated: 0, unchanged: 0 });
        expect(first.counts.created + first.counts.skipped).toBe(real.rows);
        const before = await held(store);
        expect(before.items).toBe(real.mapping.stock ? real.rows : 0);
        const second = await importOf(store, real);
        expect(second.counts).toMatchObject({ total: real.rows, created: 0, updated: 0, failed: 0 });
        expect(second.counts.unchanged + second.counts.skipped).toBe(real.rows);
        expect(await held(store)).toEqual(before);
      },
      240_000,
    );
  });
}
