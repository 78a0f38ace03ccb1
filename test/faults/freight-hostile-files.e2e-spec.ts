import { rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseId } from '#platform/kernel';
import type { JobView } from '../../libs/freight/src/freight.views.js';
import type { BareStore } from '../support/client.js';
import { ADDITIVE_MAPPING, csvOf, goodRows } from '../support/freight.js';
import { Product } from '../support/freight-product.js';
import { HOSTILE_FILES, type HostileFile, UPLOAD_MAX_MIB } from '../support/hostile-files.js';

/** What no text of a job or a record may name: places of the machine and of the program. */
const INSIDE = /(?:^|[\s"'(])\/\w+\/|\\\w+\\|node_modules|\.(?:js|ts):|ENOENT|\bat \w+ \(/;
/**
 * Above what a usual file needs, for all files together: one record of 4 MiB per slot with its copies, and pieces of files that the
 * garbage collector has not come round to. The largest file, held once as bytes and once as text, would take more.
 */
const GROWTH_MIB = 160;
/** A usual file, so that what a worker needs anyway is not counted. */
const USUAL = Buffer.from(csvOf(goodRows(3_000)));

/** A job of a file; its records are known by ids of its own. */
function inputOf({ format, mapping = ADDITIVE_MAPPING }: Pick<HostileFile, 'format' | 'mapping'>, no: number): object {
  return { mapping: { ...mapping, source: `file-${no}` }, ...(format && { format }) };
}

let product: Product;
let store: BareStore;
let usual: readonly number[];
const jobs = new Map<HostileFile, JobView>();

beforeAll(async () => {
  product = await Product.start({
    settings: { UPLOAD_MAX_MIB: String(UPLOAD_MAX_MIB) },
    workers: 1,
    expected: [507],
  });
  store = await product.newStore();
  await product.over(store, await product.begin(store, USUAL, { ...inputOf({}, 0), batchSize: 250 }));
  usual = peaks();
  for (const [at, file] of HOSTILE_FILES.entries()) {
    if (!file.refused) jobs.set(file, await product.begin(store, file.content(), inputOf(file, at + 1)));
  }
}, 120_000);
afterAll(async () => {
  const faults = await product.faults();
  await product.stop();
  expect(faults).toEqual([]);
});

const peaks = (): number[] => [product.api, ...product.workers].map((app) => app.peakMib());

describe('files that nobody would send on purpose', () => {
  const overOf = (file: HostileFile): Promise<JobView> => {
    const job = jobs.get(file);
    if (!job) throw new Error(`no job was begun on ${file.name}`);
    return product.over(store, job);
  };

  it.each(HOSTILE_FILES.filter(({ refused }) => refused))('$name is refused as an upload', async (file) => {
    const { status, body } = await product.send(store, file.content());
    expect({ status, code: body.code }).toEqual(file.refused);
    expect(body.detail).not.toMatch(INSIDE);
  });

  it.each(HOSTILE_FILES.filter(({ failure }) => failure))('$name fails the job, which says why', async (file) => {
    const { state, failure, counts } = await overOf(file);
    expect({ state, code: failure?.code }).toEqual({ state: 'failed', code: file.failure?.code });
    expect(failure?.message).toMatch(file.failure?.words ?? /^$/);
    expect(failure?.message).not.toMatch(INSIDE);
    expect(counts).toMatchObject({ created: 0, updated: 0, failed: 0 });
  });

  it.each(HOSTILE_FILES.filter(({ records }) => records))(
    '$name costs no record but the one that is wrong',
    async (file) => {
      const { created = 0, failed = {} } = file.records ?? {};
      const rows = Object.keys(failed).map(Number);
      const job = await overOf(file);
      expect(job).toMatchObject({
        state: rows.length > 0 ? 'completed_with_errors' : 'completed',
        counts: { total: created + rows.length, created, failed: rows.length },
      });
      const lines = await product.logs(store, job, 'filter[outcome]=failed');
      expect(lines.map(({ row, reason }) => [row, reason?.class, reason?.code])).toEqual(
        rows.map((row) => [row, 'validation', failed[row]?.code]),
      );
      for (const { row, reason } of lines) {
        expect(reason?.field).toMatch(/^line \d+, column \d+$/);
        expect(reason?.message).toMatch(failed[row]?.words ?? /^$/);
        expect(reason?.message).not.toMatch(INSIDE);
      }
    },
  );

  it('leave the memory of api and worker flat', async () => {
    await Promise.all([...jobs.values()].map((job) => product.over(store, job)));
    for (const [at, peak] of peaks().entries()) expect(peak - (usual[at] ?? 0)).toBeLessThan(GROWTH_MIB);
  });
});

describe('a full disk of uploads', () => {
  it('refuses what is sent, leaves the job that runs alone, and takes the rest when there is room', async () => {
    const { key, tenantId } = store;
    const running = await product.begin(store, USUAL, { ...inputOf({}, 99), batchSize: 50 });
    const content = csvOf(goodRows(10));
    const tus = { 'tus-resumable': '1.0.0' };
    const begun = await product.client.call<{ id: string }>('POST', '/api/v1/uploads', {
      key,
      headers: { ...tus, 'upload-length': String(content.length) },
    });
    const { id: uploadId } = begun.body;
    const append = () =>
      product.client.call('PATCH', `/api/v1/uploads/${uploadId}`, {
        key,
        raw: content,
        headers: { ...tus, 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' },
      });
    const part = join(product.uploads, parseId('tenant', tenantId) ?? '', `${parseId('upload', uploadId)}.part`);
    await symlink('/dev/full', part);
    expect(await append()).toMatchObject({ status: 507, body: { code: 'files.storage_full' } });
    await rm(part);
    expect((await append()).status).toBe(204);
    const mapped = { kind: 'import', source: { uploadId }, ...inputOf({}, 100) };
    const { body: job } = await product.client.call<JobView>('POST', '/api/v1/jobs', { key, body: mapped });
    expect(await product.over(store, job)).toMatchObject({ state: 'completed', counts: { created: 10, total: 10 } });
    expect(await product.over(store, running)).toMatchObject({ state: 'completed', counts: { created: 3_000 } });
  });
});
