import { compare, report } from '../event-store/cost.mjs';
import { read } from '../support/beside-bare.mjs';
import { figure } from '../support/figures.mjs';
import { answerParent, Served } from '../support/served.mjs';
import { prepareDatabase, SCRIPT } from './database.mjs';
import { Catalogue } from './generate.mjs';
import { bare, ours } from './servers.mjs';
import { copying, sideOf, upserting } from './writes.mjs';

const RELEASES = Number(process.env.BENCH_RELEASES ?? 100_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const FACETS = 'genre,style,format,decade,country,label,category,inStock';
const MODES = { bare, ours };

/** A word with two of its letters swapped. */
const mistyped = (word) => `${word.slice(0, 2)}${word[3]}${word[2]}${word.slice(4)}`;

async function main() {
  const database = await prepareDatabase();
  const servers = [];
  try {
    const catalogue = new Catalogue();
    const writer = await upserting(database, catalogue, 1);
    const startedAt = performance.now();
    for (let sent = 0; sent < RELEASES; sent += writer.perCall) await writer.send();
    figure('catalog-load', RELEASES / ((performance.now() - startedAt) / 1_000), 'releases/s');
    await database.run('vacuum analyze');
    const [sizes] = await database.run(
      `select (select sum(pg_total_relation_size(relid)) / 1048576 from pg_partition_tree('catalog.release_search') where isleaf) as search,
              (select sum(pg_relation_size(relid)) / 1048576 from pg_partition_tree('catalog.release_search_document') where isleaf) as gin,
              pg_total_relation_size('catalog.search_term') / 1048576 as terms, pg_total_relation_size('catalog.release') / 1048576 as releases`,
    );
    for (const [name, size] of Object.entries(sizes)) figure(`catalog-size-${name}`, Number(size), 'MiB');
    const api = await new Served(SCRIPT, 'ours', database.env).ready();
    servers.push(api);
    const [known] = await database.run(
      `select id, artist_key, title_key from catalog.release where length(artist_key) between 9 and 16 and length(title_key) between 6 and 12
        and artist_key !~ ' ' and title_key !~ ' ' order by id limit 1`,
    );
    const { formatId } = await import('../../../dist/libs/platform/kernel/src/index.js');
    const list = '/api/v1/catalog/releases?limit=20';
    const options = { database, api };
    await read('catalog-list', `${list}&filter[genre]=Jazz&filter[decade]=1990&facets=${FACETS}`, {
      ...options,
      goal: 10,
    });
    await read('catalog-list-broad', `${list}&filter[genre]=Electronic&filter[format]=Vinyl&facets=${FACETS}`, options);
    await read('catalog-browse', list, options);
    await read('catalog-search', `${list}&q=${encodeURIComponent(`${known.artist_key} ${known.title_key}`)}`, options);
    const typed = encodeURIComponent(`${mistyped(known.artist_key)} ${known.title_key}`);
    await read('catalog-mistyped', `${list}&q=${typed}`, options);
    await read('catalog-detail', `/api/v1/catalog/releases/${formatId('release', known.id)}`, { ...options, goal: 4 });
    const copies = await copying(database);
    const pairs = await compare(
      sideOf(database, 'bench-upsert', writer.send),
      sideOf(database, 'bench-copy', copies.send),
      {
        rounds: ROUNDS,
        count: 5,
      },
    );
    report('catalog-upsert', pairs, { pieces: writer.perCall, other: 'copy' });
    await Promise.all([writer.close(), copies.close()]);
  } finally {
    for (const server of servers) server.stop();
    await database.drop();
  }
}

const mode = process.argv[3];
if (process.argv[2] === '--serve') answerParent(await MODES[mode]());
else await main();
