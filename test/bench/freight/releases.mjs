import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import pg from 'pg';
import { parseId } from '#platform/kernel';
import { figure, median } from '../support/figures.mjs';
import { cpuOf, used } from './installation.mjs';
import { memoryOf, Product } from './product.mjs';

const ROWS = Number(process.env.BENCH_ROWS ?? 200_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
/** How the generated file's columns become releases. */
export const RELEASE_MAPPING = {
  source: 'bench',
  release: {
    externalId: { column: 'id' },
    title: { column: 'title' },
    artists: { column: 'artist' },
    labels: { name: { column: 'label' }, catalogNumber: { column: 'number' } },
    released: { column: 'year' },
    genres: { column: 'genre' },
    formats: { name: { column: 'format' } },
    country: { column: 'country' },
  },
};
const WORDS =
  'blue night river stone gold silver moon city dream fire road rain summer winter light shadow heart wave'.split(' ');
const GENRES = ['Rock', 'Jazz', 'Electronic', 'Folk', 'Hip Hop', 'Classical'];
/** The catalogue's tables that an import of releases fills with a row for each. */
const TABLES = ['catalog.release', 'catalog.external_id', 'catalog.release_search'];
/** What else it fills: the words that spelling is corrected by, what stock shows of releases, and the log. No part of the ratio. */
const REST = ['catalog.search_term', 'inventory.release_fact_a', 'freight.record_log'];

const word = (index) => WORDS[index % WORDS.length];

/**
 * A file of generated releases: as many different artists as a shop has, titles of three words.
 * @param notes a last column, where there is to be one
 */
export function* generateReleases(rows, notes) {
  let text = `id,title,artist,label,number,year,genre,format,country${notes ? ',notes' : ''}\n`;
  for (let row = 1; row <= rows; row++) {
    const title = `${word(row)} ${word(row * 7 + 3)} ${row}`;
    const artist = `The ${word(row * 3)} ${word(Math.floor(row / 18))} ${row % 997}`;
    const label = `"${word(row)} Records, Ltd.",CAT-${row}`;
    text += `g${row},${title},${artist},${label},${1950 + (row % 70)},${GENRES[row % 6]},Vinyl,US${notes ? `,${notes}` : ''}\n`;
    if (text.length > 65_536) {
      yield Buffer.from(text);
      text = '';
    }
  }
  yield Buffer.from(text);
}

/** Copies of the tables with all their indexes, for the baseline. */
async function prepareBaseline(owner) {
  for (const table of [...TABLES, ...REST]) {
    await owner.query(`create table bench.${table.split('.')[1]} (like ${table} including all)`);
  }
}

/** Writes a store's rows to files, then times what COPY needs to load them into tables with the same indexes. */
async function copyAgain(owner, tables, tenantId) {
  const { rows } = await owner.query(`select current_setting('data_directory') as dir, pg_backend_pid() as pid`);
  const [{ dir, pid }] = rows;
  const cpu = () => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1_000;
  const pathOf = (table) => `${dir}/bench-${table}.copy`;
  const columns = {};
  for (const table of tables) {
    const named = await owner.query(
      `select string_agg(quote_ident(attname), ', ' order by attnum) as names from pg_attribute
       where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
      [table],
    );
    columns[table] = named.rows[0].names;
    await owner.query(
      `copy (select ${columns[table]} from ${table} where tenant_id = '${tenantId}') to '${pathOf(table)}'`,
    );
  }
  const before = cpu();
  const startedAt = performance.now();
  for (const table of tables) {
    await owner.query(`copy bench.${table.split('.')[1]} (${columns[table]}) from '${pathOf(table)}'`);
  }
  return { micros: cpu() - before, ms: performance.now() - startedAt };
}

/** Runs one import to its end. @returns what the workers and the database's processes that serve them used */
async function importOnce(product, store, uploadId) {
  const before = await product.workersCpu(cpuOf);
  const startedAt = performance.now();
  const { id } = await product.startJob(store, uploadId, { mapping: RELEASE_MAPPING });
  const reads = [];
  const job = await product.over(store, id, { onLook: (_job, tookMs) => reads.push(tookMs) });
  const ms = performance.now() - startedAt;
  if (job.state !== 'completed')
    throw new Error(`the import ${job.state}: ${JSON.stringify(job.failure ?? job.counts)}`);
  const { node, database } = used(before, await product.workersCpu(cpuOf));
  return { counts: job.counts, ms, node: node / ROWS, database: database / ROWS, reads };
}

/**
 * Imports of generated releases through the api, Bull and two workers as `npm start` runs them, each record logged, beside COPY into
 * the same indexed tables.
 */
export async function measureReleases() {
  const product = await Product.start({ workers: 2, settings: { WORKER_CONCURRENCY: '2' } });
  const owner = new pg.Client({ connectionString: product.database.ownerUrl });
  await owner.connect();
  try {
    await prepareBaseline(owner);
    const rounds = [];
    for (let round = 0; round < ROUNDS; round++) {
      const store = await product.newStore();
      const uploadId = await product.upload(store, Readable.from(generateReleases(ROWS)));
      const ours = await importOnce(product, store, uploadId);
      const copied = await copyAgain(owner, TABLES, parseId('tenant', store.id));
      const rest = await copyAgain(owner, REST, parseId('tenant', store.id));
      rounds.push({
        ours,
        store,
        uploadId,
        copied: copied.micros / ROWS,
        rest: rest.micros / ROWS,
        copiedMs: copied.ms,
      });
    }
    const { store, uploadId } = rounds.at(-1);
    const again = await importOnce(product, store, uploadId);
    const reads = rounds.flatMap(({ ours }) => ours.reads).sort((a, b) => a - b);
    figure('freight-release-node', median(rounds.map(({ ours }) => ours.node)), 'us-cpu');
    figure('freight-release-database', median(rounds.map(({ ours }) => ours.database)), 'us-cpu');
    figure('freight-release-copy', median(rounds.map(({ copied }) => copied)), 'us-cpu');
    figure('freight-release-copy-rest', median(rounds.map(({ rest }) => rest)), 'us-cpu');
    figure(
      'freight-release-ratio',
      median(rounds.map(({ ours, copied }) => (ours.node + ours.database) / copied)),
      'ratio',
      { op: '<=', limit: 3.5 },
    );
    figure('freight-release-rate', median(rounds.map(({ ours }) => (ROWS / ours.ms) * 60_000)), 'records/min', {
      op: '>=',
      limit: 10_000,
      wallClock: true,
    });
    figure(
      'freight-release-copy-rate',
      median(rounds.map(({ copiedMs }) => (ROWS / copiedMs) * 60_000)),
      'records/min',
    );
    figure('freight-again-unchanged', again.counts.unchanged, 'records', { op: '>=', limit: ROWS });
    figure('freight-again-cpu', again.node + again.database, 'us-cpu');
    figure('freight-status-p99', reads[Math.floor(reads.length * 0.99)], 'ms', {
      op: '<=',
      limit: 50,
      wallClock: true,
    });
    figure('freight-worker-memory', Math.max(...product.workers.map(({ pid }) => memoryOf(pid).peak)), 'MiB', {
      op: '<=',
      limit: 250,
    });
  } finally {
    await owner.end();
    await product.stop();
  }
}
