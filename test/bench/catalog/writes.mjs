import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { Side } from '../event-store/cost.mjs';

const PER_CALL = 1_000;
/** What an upsert writes, as COPY writes it: into tables of the same columns and indexes, without policies. */
const TABLES = ['release', 'release_search', 'external_id'];

/** Our side: the bulk command as the worker sends it, 1,000 releases a call. */
export async function upserting(database, catalogue, from) {
  const { CatalogWorkerModule, UpsertReleases } = await import('../../../dist/libs/catalog/src/index.js');
  const { EventingModule } = await import('../../../dist/libs/platform/eventing/src/index.js');
  const { Bus, PersistenceModule, RedisModule } = await import('../../../dist/libs/platform/persistence/src/index.js');
  const { systemActor } = await import('../../../dist/libs/platform/kernel/src/index.js');
  const settings = {
    statementTimeoutMs: 60_000,
    acquireTimeoutMs: 10_000,
    slowQueryMs: 60_000,
    applicationName: 'bench-upsert',
  };
  class Root {}
  const root = {
    module: Root,
    imports: [
      PersistenceModule.forRoot({ ...settings, main: { url: database.workerUrl, max: 2 } }),
      RedisModule.forRoot({ connectionName: 'bench' }),
      EventingModule.forRoot(),
      CatalogWorkerModule,
    ],
  };
  const app = await NestFactory.createApplicationContext(root, { logger: false });
  const bus = app.get(Bus, { strict: false });
  const actor = systemActor(database.tenantId, 'bench');
  let next = from;
  const send = async () => {
    const items = Array.from({ length: PER_CALL }, () => catalogue.release(next++));
    const outcomes = await bus.execute(new UpsertReleases(actor, { source: 'bench', items }));
    if (outcomes.some(({ outcome }) => outcome !== 'created')) throw new Error('not every release was created');
  };
  return { send, close: () => app.close(), perCall: PER_CALL };
}

/** The other side: COPY of rows that are ready, as many a call. */
export async function copying(database) {
  await database.run('create schema bench');
  for (const table of TABLES) await database.run(`create table bench.${table} (like catalog.${table} including all)`);
  // One index where the documents have one for each part: its pending list may be as long as theirs together.
  await database.run('alter index bench.release_search_document_idx set (gin_pending_list_limit = 1024)');
  const client = new pg.Client({ connectionString: database.ownerUrl, application_name: 'bench-copy' });
  await client.connect();
  const texts = [];
  for (const table of TABLES) texts.push(await textsOf(client, table, database.tenantId));
  let call = 0;
  const send = async () => {
    const round = Math.floor(call / texts[0].length);
    const part = call++ % texts[0].length;
    if (part === 0 && round > 0) for (const table of TABLES) await client.query(`truncate bench.${table}`);
    await client.query('begin');
    for (const [index, table] of TABLES.entries())
      await copyIn(client, `copy bench.${table} from stdin`, texts[index][part]);
    await client.query('commit');
  };
  return { send, close: () => client.end() };
}

/** The rows of a table as COPY takes them, 1,000 apiece, in the order in which the releases were written. */
async function textsOf(client, table, tenantId) {
  const file = `catalog.${table}`;
  const key = table === 'release' ? 'id' : 'release_id';
  const { rows } = await client.query(
    `select string_agg(line, E'\\n' order by place) || E'\\n' as text from (
       select place, (place - 1) / ${PER_CALL} as part, ${'line'} from (
         select row_number() over (order by ${key}) as place, ${lineOf(table)} as line from ${file} where tenant_id = $1 limit 20000) as l) as p
      group by part order by part`,
    [tenantId],
  );
  return rows.map(({ text }) => text);
}

/** A row in the text form of COPY: fields by tabs, backslashes doubled. */
function lineOf(table) {
  const columns = {
    release:
      'tenant_id,id,title,artists,labels,barcode,formats,country,released,genres,styles,tracks,images,weight_grams,attributes,product_type,state,merged_into,version,created_at,updated_at,artist_key,title_key,released_key',
    release_search:
      'tenant_id,release_id,listed,document,by_genre,by_style,by_format,by_label,by_decade,by_country,artist_key,title_key,released_key',
    external_id: 'tenant_id,source,external_key,spelling,release_id,item_hash,release_version,import_id',
  }[table].split(',');
  return columns
    .map((column) => `coalesce(replace(${column}::text, E'\\\\', E'\\\\\\\\'), E'\\\\N')`)
    .join(` || E'\\t' || `);
}

function copyIn(client, sql, text) {
  return new Promise((resolve, reject) => {
    client.query({
      submit: (connection) => connection.query(sql),
      handleCopyInResponse: (connection) => {
        connection.sendCopyFromChunk(Buffer.from(text));
        connection.endCopyFrom();
      },
      handleCommandComplete: () => undefined,
      handleError: reject,
      handleReadyForQuery: () => resolve(),
    });
  });
}

/** CPU of one call of either side. */
export const sideOf = (database, application, send) =>
  new Side({ lanes: 1, backends: () => database.backends(application), one: send });
