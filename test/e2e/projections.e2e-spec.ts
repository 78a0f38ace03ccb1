import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newUuid, parseId } from '#platform/kernel';
import { type Answer, EXAMPLE_PROJECTION, startTestApi, type TestApi } from '../support/api.js';

const NAME = 'inventory.stock-levels';

interface Problem {
  readonly code?: string;
}

describe('projections, for the operator', () => {
  let api: TestApi;

  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.close());
  beforeEach(() => api.database.admin(EXAMPLE_PROJECTION));

  const act = (action: string, name: unknown = NAME): Promise<Answer<Problem>> =>
    api.call('POST', `/api/v1/platform/projections/${action}`, { key: api.operatorToken, body: { name } });
  const stored = async () =>
    (
      await api.database.admin<{ paused: boolean; wish: string | null }>(
        `select paused, wish from es.projections where status = 'live'`,
      )
    )[0];

  it('are listed with lag and parked events', async () => {
    const { status, body } = await api.call('GET', '/api/v1/platform/projections', { key: api.operatorToken });
    expect([status, body]).toEqual([
      200,
      {
        data: [
          {
            name: NAME,
            kind: 'projection',
            version: 1,
            shards: 1,
            paused: false,
            pending: null,
            lagEvents: 0,
            lagSeconds: 0,
            rebuildProgress: null,
            parked: 0,
            retiredVersion: 1,
            error: null,
          },
        ],
      },
    ]);
  });

  it.each([
    ['pause', { paused: true, wish: null }],
    ['resume', { paused: false, wish: null }],
    ['rebuild', { paused: false, wish: 'rebuild' }],
    ['replay-parked', { paused: false, wish: 'replay' }],
  ])('take %s, once or again', async (action, expected) => {
    expect((await act(action)).status).toBe(200);
    expect(await stored()).toEqual(expected);
    expect((await act(action)).status).toBe(200);
    expect(await stored()).toEqual(expected);
  });

  it('turn back to their earlier build, unless another is being made', async () => {
    const builds = () => api.database.admin('select slot, status, wish from es.projections order by slot');
    expect((await act('roll-back')).status).toBe(200);
    expect(await builds()).toEqual([
      { slot: 'a', status: 'live', wish: null },
      { slot: 'b', status: 'catching_up', wish: null },
    ]);
    for (const action of ['roll-back', 'drop-retired']) {
      const refused = await act(action);
      expect([refused.status, refused.body.code]).toEqual([409, 'projections.nothing_retired']);
    }
  });

  it('have their earlier build dropped, once or again', async () => {
    for (let n = 0; n < 2; n++) expect((await act('drop-retired')).status).toBe(200);
    expect(await api.database.admin(`select wish from es.projections where slot = 'b'`)).toEqual([{ wish: 'drop' }]);
    expect((await act('roll-back')).status).toBe(409);
  });

  it('tell which events are parked, why, and whose they are', async () => {
    const { tenantId } = await api.makeTenant();
    const [stream, tenant] = [newUuid(), parseId('tenant', tenantId)];
    await api.database.admin(
      `insert into es.parked (tenant_id, name, stream_id, position, error, attempts)
       values ($1, $2, $3, 7, '{"message": "Error: unlucky"}', 1), ($1, $2, $3, 9, null, 0), ($1, 'x.y@b', $3, 8, null, 0)`,
      [tenant, `${NAME}@a`, stream],
    );
    const list = async (query: string): Promise<Record<string, unknown>[]> => {
      const path = `/api/v1/platform/projections/parked-events?${query}`;
      const { status, body } = await api.call<{ data: Record<string, unknown>[] }>('GET', path, {
        key: api.operatorToken,
      });
      expect(status).toBe(200);
      return body.data;
    };
    const common = { tenantId, streamId: stream, parkedAt: expect.stringMatching(/Z$/) };
    expect(await list(`filter[projection]=${NAME}`)).toEqual([
      { projection: NAME, slot: 'a', position: 7, attempts: 1, error: 'Error: unlucky', ...common },
      { projection: NAME, slot: 'a', position: 9, attempts: 0, error: null, ...common },
    ]);
    expect((await list('limit=2')).map(({ position }) => position)).toEqual([7, 8]);
    expect((await list(`filter[tenantId]=${tenantId}`)).length).toBe(3);
    await api.database.admin('delete from es.parked');
  });

  it('count what is parked of the builds that are run, not of an earlier one', async () => {
    const { tenantId } = await api.makeTenant();
    await api.database.admin(
      `insert into es.parked (tenant_id, name, stream_id, position) values ($1, $2, $4, 7), ($1, $3, $4, 7), ($1, $3, $4, 8)`,
      [parseId('tenant', tenantId), `${NAME}@a`, `${NAME}@b`, newUuid()],
    );
    const { body } = await api.call<{ data: { parked: number }[] }>('GET', '/api/v1/platform/projections', {
      key: api.operatorToken,
    });
    expect(body.data.map(({ parked }) => parked)).toEqual([1]);
    await api.database.admin('delete from es.parked');
  });

  it('refuse what cannot be', async () => {
    const unknown = await act('pause', 'inventory.none');
    expect([unknown.status, unknown.body.code]).toEqual([422, 'projections.unknown']);
    for (const name of ['', 'x', 'Stock.Levels', "a.b' or true --", 7, null, 'a.'.repeat(80) + 'b']) {
      expect((await act('pause', name)).status).toBe(400);
    }
    await api.database.admin(`update es.projections set kind = 'reaction'`);
    const refused = await act('rebuild');
    expect([refused.status, refused.body.code]).toEqual([409, 'projections.cannot_be_rebuilt']);
    expect(await stored()).toEqual({ paused: false, wish: null });
  });

  it('are nothing for a store', async () => {
    const { key } = await api.makeTenant();
    const answers = await Promise.all([
      api.call('GET', '/api/v1/platform/projections', { key }),
      api.call('POST', '/api/v1/platform/projections/pause', { key, body: { name: NAME } }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([403, 403]);
    expect(await stored()).toEqual({ paused: false, wish: null });
  });
});
