import { figure, median } from '../support/figures.mjs';

const DIST = '../../../dist/libs/freight/src';
const { detectFormat, HEAD_BYTES } = await import(`${DIST}/sources/detect-format.js`);
const { readRows } = await import(`${DIST}/sources/rows.js`);
const { mappingSchema } = await import(`${DIST}/mapping/mapping.js`);
const { compileMapping } = await import(`${DIST}/mapping/compile.js`);
const { planRows } = await import(`${DIST}/planning/plan.js`);

const ROWS = Number(process.env.BENCH_ROWS ?? 200_000);
const LARGE = Number(process.env.BENCH_LARGE_ROWS ?? 2_000_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const CHUNK = 65_536;
const MIB = 1_048_576;
const HEADER = 'id,artist,title,label,catno,format,year,country,genre,price,currency,media,sleeve,note\n';

/** One record of 14 columns; every fifth has quoted cells with doubled quotes. */
function line(id) {
  const isQuoted = id % 5 === 0;
  const artist = isQuoted ? `"Artist ""${id}"", and others"` : `Artist ${id % 9_000} (2)`;
  const format = isQuoted ? '"2xLP, Album, RE"' : 'LP';
  return `${id},${artist},A title of record ${id},Some Label,CAT-${id},${format},${1970 + (id % 50)}-03-21,Germany,Rock,19.99,EUR,Very Good Plus (VG+),VG,\n`;
}

function* generated(rows) {
  let text = HEADER;
  for (let id = 1; id <= rows; id++) {
    text += line(id);
    if (text.length < CHUNK) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}

const MAPPING = mappingSchema.parse({
  source: 'discogs',
  release: {
    externalId: { column: 'id' },
    title: { column: 'title' },
    artists: { column: 'artist', transforms: [{ op: 'discogs_artist' }] },
    labels: { name: { column: 'label' }, catalogNumber: { column: 'catno' } },
    formats: { column: 'format', style: 'discogs' },
    released: { column: 'year' },
    country: { column: 'country' },
    genres: { column: 'genre' },
  },
  stock: {
    mediaGrade: { column: 'media' },
    sleeveGrade: { column: 'sleeve' },
    price: { column: 'price', currency: { column: 'currency' } },
    note: { column: 'note' },
  },
});

/** CPU microseconds per row. */
async function cost(rows, work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / rows;
}

async function* from(bytes, start) {
  for (let at = start; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK);
}

/** Reading alone, then mapping alone, in turn. */
async function small() {
  const bytes = Buffer.concat([...generated(ROWS)]);
  const format = detectFormat(bytes.subarray(0, HEAD_BYTES), false);
  const mapRow = compileMapping(MAPPING, {}, format.header);
  const some = (await readAll(bytes.subarray(0, MIB), format)).slice(0, 5_000);
  const reading = [];
  const mapping = [];
  for (let round = 0; round <= ROUNDS; round++) {
    reading.push(await cost(ROWS, () => count(readRows(from(bytes, format.dataFrom), format))));
    mapping.push(
      await cost(ROWS, () => {
        for (let done = 0; done < ROWS; done += some.length) for (const row of some) mapRow(row);
      }),
    );
  }
  figure('freight-read-csv', median(reading.slice(1)), 'us-cpu');
  figure('freight-map-record', median(mapping.slice(1)), 'us-cpu', { op: '<=', limit: 2 });
}

async function readAll(bytes, format) {
  const all = [];
  for await (const rows of readRows(from(bytes, format.dataFrom), format)) all.push(...rows);
  return all;
}

async function count(groups) {
  let rows = 0;
  for await (const some of groups) rows += some.length;
  if (rows !== ROWS) throw new Error(`${rows} rows were read, not ${ROWS}`);
}

/** Plans a file that is never in memory as a whole: what grows is the registry of keys. */
async function large() {
  const head = generated(5_000).next().value;
  const format = detectFormat(head.subarray(0, HEAD_BYTES), false);
  const mapRow = compileMapping(MAPPING, {}, format.header);
  let isFirst = true;
  async function* body() {
    for (const chunk of generated(LARGE)) {
      yield isFirst ? chunk.subarray(format.dataFrom) : chunk;
      isFirst = false;
    }
  }
  const before = process.memoryUsage();
  let peak = before.rss;
  let planned = 0;
  const options = { batchSize: 1_000, duplicates: 'last_wins', stockTarget: false };
  for await (const batch of planRows(readRows(body(), format), mapRow, options)) {
    planned += batch.rowCount;
    peak = Math.max(peak, process.memoryUsage.rss());
  }
  if (planned !== LARGE) throw new Error(`${planned} rows were planned, not ${LARGE}`);
  const registry = process.memoryUsage().arrayBuffers - before.arrayBuffers;
  figure('freight-plan-rows', planned, 'rows');
  figure('freight-plan-bytes-per-key', registry / LARGE, 'bytes', { op: '<=', limit: 40 });
  figure('freight-plan-memory-growth', (peak - before.rss) / MIB, 'MiB');
}

await large();
await small();
