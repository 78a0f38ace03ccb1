import { Readable } from 'node:stream';
import { figure } from '../support/figures.mjs';
import { memoryOf, Product } from './product.mjs';
import { generateReleases, RELEASE_MAPPING } from './releases.mjs';

const MIB = 2 ** 20;
/** Size of the file. The goal is about 1,024; smaller ones are for trying things out. */
const FILE_MIB = Number(process.env.BENCH_FILE_MIB ?? 1_024);
const SAMPLE_MS = 100;
/** As long as a description of a shop's: a record has about 400 bytes. */
const NOTES = 'Original pressing with the printed inner sleeve. '.repeat(6).trim();
const MAPPING = {
  ...RELEASE_MAPPING,
  release: { ...RELEASE_MAPPING.release, attributes: { notes: { column: 'notes' } } },
};

/** A file of releases of so many bytes at least. */
function* fileOf(bytes) {
  let sent = 0;
  for (const piece of generateReleases(Infinity, NOTES)) {
    yield piece;
    sent += piece.length;
    if (sent >= bytes) return;
  }
}

/** Memory of one worker as `npm start` runs it, from its start to the end of the import of a large file through the api. */
export async function measureMemory() {
  const product = await Product.start({ workers: 1 });
  const { pid } = product.workers[0];
  const peaks = {};
  let phase = 'start';
  const sampler = setInterval(() => {
    peaks[phase] = Math.max(peaks[phase] ?? 0, memoryOf(pid).now);
  }, SAMPLE_MS);
  try {
    const store = await product.newStore();
    const uploadId = await product.upload(store, Readable.from(fileOf(FILE_MIB * MIB)));
    const startedAt = performance.now();
    const { id } = await product.startJob(store, uploadId, { mapping: MAPPING });
    const job = await product.over(store, id, { everyMs: 1_000, onLook: (seen) => (phase = seen.phase) });
    if (job.state !== 'completed') throw new Error(`the import ${job.state}: ${JSON.stringify(job)}`);
    figure('worker-memory-file', FILE_MIB, 'MiB');
    figure('worker-memory-records', job.counts.created, 'records');
    figure('worker-memory-seconds', (performance.now() - startedAt) / 1_000, 's');
    figure('worker-memory-start', peaks.start ?? 0, 'MiB');
    figure('worker-memory-planning', peaks.planning ?? 0, 'MiB');
    figure('worker-memory-records-phase', peaks.records ?? 0, 'MiB');
    figure('worker-memory-mib', memoryOf(pid).peak, 'MiB', { op: '<=', limit: 250 });
    figure('api-memory-mib', memoryOf(product.api.pid).peak, 'MiB');
  } finally {
    clearInterval(sampler);
    await product.stop();
  }
}
