import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { formatId, newUuid, parseId } from '#platform/kernel';
import { EXAMPLE_PARKED_COMMAND, startTestApi, type TestApi } from '../support/api.js';
import { startEventing } from '../support/eventing.js';
import { createLedger, NoteHandler } from '../support/ledger.js';
import { eventually } from '../support/redis-server.js';

const PATH = '/api/v1/platform/parked-commands';

interface Parked {
  readonly id: string;
  readonly tenantId: string;
  readonly command: string;
  readonly attempts: number;
  readonly error: string | null;
  readonly errorCode: string | null;
  readonly code?: string;
}

describe('parked commands, for the operator', () => {
  let api: TestApi;
  let store: Awaited<ReturnType<TestApi['makeTenant']>>;

  beforeAll(async () => {
    api = await startTestApi();
    await createLedger(api.database);
  });
  afterAll(() => api.close());
  beforeEach(async () => {
    await api.database.admin('delete from es.outbox');
    store = await api.makeTenant();
  });

  const call = <T>(method: string, path = '', body?: object) =>
    api.call<T>(method, `${PATH}${path}`, { key: api.operatorToken, body });
  const list = async (query = ''): Promise<Parked[]> => (await call<{ data: Parked[] }>('GET', query)).body.data;
  const park = async (tenantId = store.tenantId): Promise<string> => {
    const [row] = await api.database.admin<{ id: string }>(EXAMPLE_PARKED_COMMAND, [parseId('tenant', tenantId)]);
    return formatId('parkedCommand', row?.id ?? '');
  };
  const audited = async (): Promise<unknown[]> => {
    const rows = await api.database.admin<{ action: string; subject: string; details: object }>(
      `select action, subject, details from identity.audit_entry where tenant_id = $1 and action like 'command.%' order by seq`,
      [parseId('tenant', store.tenantId)],
    );
    return rows;
  };

  it('are listed, of all stores or of one, and page by page', async () => {
    const other = await api.makeTenant('Other');
    const [first, second] = [await park(), await park(other.tenantId)];
    expect((await list()).map(({ id }) => id)).toEqual([second, first]);
    expect(await list(`?filter[tenantId]=${store.tenantId}`)).toEqual([
      {
        id: first,
        tenantId: store.tenantId,
        command: 'inventory.receive-stock',
        dedupeKey: expect.any(String),
        attempts: 6,
        error: 'Error: the till is closed',
        errorCode: null,
        parkedAt: expect.stringMatching(/Z$/),
      },
    ]);
    expect(await list('?filter[command]=inventory.other')).toEqual([]);
    const page = await call<{ page: { nextCursor: string } }>('GET', '?limit=1');
    expect((await list(`?limit=1&cursor=${page.body.page.nextCursor}`)).map(({ id }) => id)).toEqual([first]);
  });

  it('are replayed once what failed is mended: the effect and the end of the command are one', async () => {
    await api.database.admin(
      `insert into es.outbox (tenant_id, command, dedupe_key, payload) values ($1, 'ledger.note', 'k', '{"what": "refuse"}')`,
      [parseId('tenant', store.tenantId)],
    );
    const worker = await startEventing({ database: api.database, providers: [NoteHandler] });
    await eventually('it is parked', async () => (await list()).length === 1);
    const [parked] = await list();
    expect(parked).toMatchObject({ attempts: 1, errorCode: 'ledger.refused' });
    await api.database.admin(`update es.outbox set payload = '{"what": "done"}'`);
    expect((await call('POST', `/${parked?.id}/replay`)).status).toBe(200);
    await eventually(
      'it is carried out',
      async () => (await api.database.admin('select 1 from es.outbox')).length === 0,
    );
    expect(await api.database.admin('select what from ledger.effect')).toEqual([{ what: 'done' }]);
    expect(await audited()).toMatchObject([{ action: 'command.replayed', subject: parked?.id }]);
    await worker.stop();
  });

  it('are discarded for a reason that the store can read', async () => {
    const id = await park();
    const reason = 'corrected by hand';
    expect((await call('POST', `/${id}/discard`, {})).status).toBe(400);
    expect((await call('POST', `/${id}/discard`, { reason })).status).toBe(200);
    expect(await list()).toEqual([]);
    expect(await audited()).toMatchObject([{ action: 'command.discarded', subject: id, details: { reason } }]);
    expect((await call<Parked>('POST', `/${id}/replay`)).body.code).toBe('http.not_found');
  });

  it('are only those that are parked: what still waits cannot be touched', async () => {
    await api.database.admin(
      `insert into es.outbox (tenant_id, command, dedupe_key, payload) values ($1, 'a.b', 'k', '{}')`,
      [parseId('tenant', store.tenantId)],
    );
    const [row] = await api.database.admin<{ id: string }>(
      `select md5(tenant_id || ' ' || id)::uuid as id from es.outbox`,
    );
    const id = formatId('parkedCommand', row?.id ?? newUuid());
    expect(await list()).toEqual([]);
    for (const [action, body] of [
      ['replay', undefined],
      ['discard', { reason: 'x' }],
    ] as const) {
      expect((await call('POST', `/${id}/${action}`, body)).status).toBe(404);
    }
  });

  it('are nothing for a store', async () => {
    const id = await park();
    const { key } = store;
    const answers = [
      await api.call('GET', PATH, { key }),
      await api.call('POST', `${PATH}/${id}/replay`, { key }),
      await api.call('POST', `${PATH}/${id}/discard`, { key, body: { reason: 'x' } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
    expect(await list()).toHaveLength(1);
  });
});
