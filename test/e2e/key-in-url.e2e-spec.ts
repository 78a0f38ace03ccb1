import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type TestApi } from '../support/api.js';

describe('a key in a URL', () => {
  let api: TestApi;
  let key: string;

  beforeAll(async () => {
    api = await startTestApi();
    ({ key } = await api.makeTenant());
  });
  afterAll(() => api.close());

  it('is refused and flagged by its public id, with its secret nowhere', async () => {
    const answer = await api.call('GET', `/api/v1/me?key=${key}`, { key });
    expect(answer).toMatchObject({ status: 400, body: { code: 'http.credential_in_url' } });
    const [, , publicId = '', secret = ''] = key.split('_');
    const flags = api.logs.filter((line) => line.includes('a credential stood in a URL'));
    expect(flags.map((line) => (JSON.parse(line) as { publicId: string }).publicId)).toEqual([publicId]);
    expect(api.logs.join('') + answer.text).not.toContain(secret);
  });
});
