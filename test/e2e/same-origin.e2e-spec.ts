import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type TestApi } from '../support/api.js';

describe("a call from the api's own pages", () => {
  let api: TestApi;
  let key: string;

  beforeAll(async () => {
    api = await startTestApi();
    ({ key } = await api.makeTenant());
  });
  afterAll(() => api.close());

  it('passes although the store lists no origin, as the browser says that it is same-origin', async () => {
    const headers = { origin: api.url, 'sec-fetch-site': 'same-origin' };
    const answer = await api.call('POST', '/api/v1/api-keys', { key, headers, body: { name: 'from the page' } });
    expect(answer.status).toBe(201);
  });

  it.each(['cross-site', 'same-site', 'none'])('is refused when the browser says %s', async (site) => {
    const headers = { origin: api.url, 'sec-fetch-site': site };
    const answer = await api.call('POST', '/api/v1/api-keys', { key, headers, body: { name: 'from elsewhere' } });
    expect(answer).toMatchObject({ status: 403, body: { code: 'http.origin_not_allowed' } });
  });
});
