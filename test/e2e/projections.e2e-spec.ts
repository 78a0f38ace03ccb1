import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
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
    (await api.database.admin<{ paused: boolean; wish: string | null }>('select paused, wish from es.projections'))[0];

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
