import type { INestApplicationContext } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { EventingApiModule, ReadModelWaits } from '#platform/eventing';
import { newUuid, operatorActor } from '#platform/kernel';
import { Bus, Databases, PersistenceModule } from '#platform/persistence';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { startEventing, type TestEventing } from '../../../test/support/eventing.js';
import { Balances, createLedger, LargeEntries, post } from '../../../test/support/ledger.js';
import { eventually } from '../../../test/support/redis-server.js';
import { ListProjections, ListProjectionsHandler } from './list-projections.query.js';
import { OperateProjection, OperateProjectionHandler, type ProjectionAction } from './operate-projection.command.js';
import type { ProjectionView } from './projections.views.js';

const TENANT = newUuid();
const OPERATOR = operatorActor();

describe('projections, as the api sees them', () => {
  let database: TestDatabase;
  let api: INestApplicationContext;
  let worker: TestEventing;

  beforeAll(async () => {
    database = await createTestDatabase();
    await createLedger(database);
    const limits = { statementTimeoutMs: 5_000, acquireTimeoutMs: 2_000, slowQueryMs: 10_000 };
    const moduleRef = await Test.createTestingModule({
      imports: [
        PersistenceModule.forRoot({
          main: { url: database.rtUrl, max: 3 },
          platform: { url: database.platformUrl, max: 2 },
          applicationName: 'test-api',
          ...limits,
        }),
        EventingApiModule.forRoot({ directUrl: database.rtUrl, applicationName: 'test-api-feed' }),
      ],
      providers: [ListProjectionsHandler, OperateProjectionHandler],
    }).compile();
    moduleRef.useLogger(false);
    api = await moduleRef.init();
    worker = await startEventing({ database, providers: [Balances, LargeEntries] });
    await eventually('all are registered', async () => (await list()).length === 2);
  });
  afterAll(async () => {
    await worker.stop();
    await api.close();
    await api.get(Databases, { strict: false }).close();
    await database.drop();
  });

  const bus = (): Bus => api.get(Bus, { strict: false });
  const list = (): Promise<ProjectionView[]> => bus().execute(new ListProjections(OPERATOR));
  const operate = (name: string, action: ProjectionAction): Promise<ProjectionView> =>
    bus().execute(new OperateProjection(OPERATOR, name, action));
  const write = (): Promise<number> => worker.work.run({ tenantId: TENANT }, (unit) => post(unit, newUuid(), [1, 2]));

  it('are listed with their lag, their parked events and what they wait for', async () => {
    await write();
    await eventually('both have caught up', async () => (await list()).every(({ lagEvents }) => lagEvents === 0));
    const quiet = {
      shards: 1,
      paused: false,
      pending: null,
      lagEvents: 0,
      rebuildProgress: null,
      parked: 0,
      retiredVersion: null,
      error: null,
    };
    expect(await list()).toEqual([
      { name: 'ledger.balances', kind: 'projection', version: 1, lagSeconds: expect.any(Number), ...quiet },
      { name: 'ledger.large-entries', kind: 'reaction', version: 1, lagSeconds: expect.any(Number), ...quiet },
    ]);
  });

  it('pause and resume, as often as it is said', async () => {
    expect(await operate('ledger.balances', 'pause')).toMatchObject({ paused: true });
    expect(await operate('ledger.balances', 'pause')).toMatchObject({ paused: true });
    await write();
    await eventually('it lags', async () => ((await list())[0]?.lagEvents ?? 0) === 2);
    expect(await operate('ledger.balances', 'resume')).toMatchObject({ paused: false });
    await eventually('it has caught up', async () => (await list())[0]?.lagEvents === 0);
  });

  it('are rebuilt and replayed; a reaction is not rebuilt, and what is not there is not found', async () => {
    expect(await operate('ledger.balances', 'rebuild')).toMatchObject({ pending: 'rebuild' });
    const slot = `select 1 from es.projections where name = 'ledger.balances' and slot = 'b' and status = 'live'`;
    await eventually('it is rebuilt', async () => (await database.admin(slot)).length === 1);
    expect(await operate('ledger.large-entries', 'replay')).toMatchObject({ pending: 'replay' });
    await eventually('it is done', async () => (await list()).every(({ pending }) => pending === null));
    await expect(operate('ledger.large-entries', 'rebuild')).rejects.toMatchObject({
      code: 'projections.cannot_be_rebuilt',
    });
    await expect(operate('ledger.none', 'pause')).rejects.toMatchObject({ code: 'projections.unknown' });
  });

  it('let a read wait for what was written, and no longer than it asked', async () => {
    const waits = api.get(ReadModelWaits, { strict: false });
    const position = await write();
    expect(await waits.until('ledger.balances', position, 5_000)).toBe(true);
    await operate('ledger.balances', 'pause');
    const later = await write();
    const startedAt = performance.now();
    expect(await waits.until('ledger.balances', later, 200)).toBe(false);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(195);
    const waiting = waits.until('ledger.balances', later, 5_000);
    await operate('ledger.balances', 'resume');
    expect(await waiting).toBe(true);
    expect(await waits.until('ledger.none', 1, 30)).toBe(false);
  });
});
