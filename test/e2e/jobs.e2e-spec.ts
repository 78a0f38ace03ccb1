import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, startTestApi, type TestApi } from '../support/api.js';
import { PATIENT } from '../support/client.js';

const MAPPING = { release: { externalId: { column: 'id' }, title: { column: 'title' } } };

describe('starting a migration job', () => {
  let api: TestApi;
  let key: string;
  let other: string;

  beforeAll(async () => {
    api = await startTestApi(PATIENT);
    ({ key } = await api.makeTenant('Job Records'));
    ({ key: other } = await api.makeTenant('Other Records'));
  });
  afterAll(() => api.close());

  async function upload(content: string): Promise<string> {
    const headers = { 'content-type': 'text/csv' };
    const sent = await api.call<{ id: string }>('POST', '/api/v1/uploads?filename=records.csv', {
      key,
      raw: content,
      headers,
    });
    expect(sent.status).toBe(201);
    return sent.body.id;
  }
  const start = (body: object, idempotencyKey?: string): Promise<Answer<{ id: string; code?: string }>> =>
    api.call('POST', '/api/v1/jobs', {
      key,
      body: { kind: 'import', mapping: MAPPING, ...body },
      headers: idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey },
    });

  it('is one job when the same content is sent again under the same key, also as a new upload', async () => {
    const content = 'id,title\n1,Blue Train\n';
    const first = await start({ source: { uploadId: await upload(content) } }, 'nightly-1');
    expect(first.status).toBe(202);
    const anew = await start({ source: { uploadId: await upload(content) } }, 'nightly-1');
    expect([anew.status, anew.body.id, anew.headers.get('idempotency-replayed')]).toEqual([202, first.body.id, 'true']);
    expect(anew.headers.get('location')).toBe(`/api/v1/jobs/${first.body.id}`);
    const changed = await start({ source: { uploadId: await upload(`${content}2,Moanin\n`) } }, 'nightly-1');
    expect([changed.status, changed.body.code]).toEqual([422, 'http.idempotency_key_reused']);
    const jobs = await api.call<{ data: unknown[] }>('GET', '/api/v1/jobs', { key });
    expect(jobs.body.data).toHaveLength(1);
  });

  it('quotes neither its words nor the words of its store to the operator', async () => {
    await api.call('PUT', '/api/v1/grade-vocabulary', { key, body: { words: { Kronjuwel: 'NM' } } });
    const source = { uploadId: await upload('id,title\n9,Giant Steps\n') };
    const { body: job } = await start({ source, gradeVocabulary: { Fundstueck: 'VG' } });
    const own = await api.call('GET', `/api/v1/jobs/${job.id}`, { key });
    expect(own.text).toMatch(/Fundstueck.*Kronjuwel/);
    const listed = await api.call('GET', '/api/v1/platform/jobs', { key: api.operatorToken });
    expect(listed.text).toContain(job.id);
    expect(listed.text).not.toMatch(/Kronjuwel|Fundstueck/);
  });

  it('says at once that the location is closed, not there, or of another store', async () => {
    const source = { uploadId: await upload('id,title\n7,Kind of Blue\n') };
    const make = async (of: string): Promise<string> =>
      (await api.call<{ id: string }>('POST', '/api/v1/inventory/locations', { key: of, body: { name: 'Annex' } })).body
        .id;
    const [closed, foreign] = [await make(key), await make(other)];
    await api.call('POST', `/api/v1/inventory/locations/${closed}/close`, { key });
    const refusals = await Promise.all(
      [closed, foreign].map(async (locationId) => (await start({ source, locationId })).body.code),
    );
    expect(refusals).toEqual(['freight.location_closed', 'freight.location_not_found']);
    expect((await start({ source, locationId: await make(key) })).status).toBe(202);
  });
});
