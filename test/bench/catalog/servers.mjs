import { appendFileSync, readFileSync } from 'node:fs';
import fastify from 'fastify';
import pg from 'pg';
import 'reflect-metadata';

/** The api as it ships. With `BENCH_RECORD` it writes the catalogue's statements to that file. */
export async function ours() {
  const { ApiModule } = await import('../../../dist/apps/api/src/api.module.js');
  const { apiConfig } = await import('../../../dist/apps/api/src/config.js');
  const { createServer } = await import('../../../dist/libs/platform/http/src/index.js');
  const { createLogger } = await import('../../../dist/libs/platform/telemetry/src/index.js');
  if (process.env.BENCH_RECORD) await record();
  const logger = createLogger({ service: 'api', level: 'warn', destination: { write: () => undefined } });
  const app = await createServer(ApiModule.forRoot(apiConfig()), { logger, trustedProxies: 0 });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return (await app.getUrl()).replace('[::1]', '127.0.0.1');
}

/** Bare Fastify and a bare pool of the same role, with the statements of one request, one after the other, and nothing else. */
export async function bare() {
  const lines = readFileSync(process.env.BENCH_STATEMENTS, 'utf8').trim().split('\n');
  const statements = lines.map((line) => JSON.parse(line));
  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL_RT, max: 10, application_name: 'bench-bare' });
  pool.on('connect', (client) => client.query(`set app.tenant_id = '${process.env.BENCH_TENANT}'`));
  const server = fastify();
  server.get('/', async () => {
    const client = await pool.connect();
    let rows;
    for (const { name, text, values } of statements) rows = (await client.query({ name, text, values })).rows;
    client.release();
    return { data: rows };
  });
  await server.listen({ port: 0, host: '127.0.0.1' });
  return `http://127.0.0.1:${server.server.address().port}/`;
}

/** Statements of which context are recorded. */
const RECORDED = new RegExp(`${process.env.BENCH_CONTEXT ?? 'catalog'}\\.|set_config|es\\.live_slot`);

/** Statements that a context sends, one line of JSON each, as they are sent. */
async function record() {
  const { Unit } = await import('../../../dist/libs/platform/persistence/src/index.js');
  const note = (name, text, values) => {
    if (!RECORDED.test(text)) return;
    // Local settings would be gone after each statement of a bare connection: there they are the session's.
    const own = text.replaceAll(', true)', ', false)');
    appendFileSync(process.env.BENCH_RECORD, `${JSON.stringify({ name, text: own, values })}\n`);
  };
  const { prepared, rows, setLocal } = Unit.prototype;
  // The other side has no way to send them with the next statement.
  Unit.prototype.setLocal = function (settings) {
    const places = Object.keys(settings).map((_, at) => `set_config($${2 * at + 1}, $${2 * at + 2}, true)`);
    note(`settings-${places.length}`, `select ${places.join(', ')}`, Object.entries(settings).flat());
    return setLocal.call(this, settings);
  };
  Unit.prototype.prepared = function (name, text, values) {
    note(name, text, values);
    return prepared.call(this, name, text, values);
  };
  Unit.prototype.rows = function (text, values = []) {
    note(undefined, text, values);
    return rows.call(this, text, values);
  };
}
