import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

const MIGRATE = fileURLToPath(new URL('../../../dist/apps/worker/src/migrate.js', import.meta.url));
const POLICY = `(tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))`;

/** A table with the columns, indexes, sequence and policy of es.events, which app_rt may write to directly. */
const RAW = `
create schema bench;
grant usage on schema bench to app_rt;
create sequence bench.position cache 1;
grant usage, select on sequence bench.position to app_rt;
create table bench.events (like es.events including all);
alter table bench.events alter position set default nextval('bench.position');
alter table bench.events enable row level security;
alter table bench.events force row level security;
create policy tenant on bench.events using ${POLICY} with check ${POLICY};
grant select, insert on bench.events to app_rt;
create table bench.copied (like bench.events including all);
grant insert on bench.copied to app_rt;`;

const BACKENDS = 'select pid from pg_stat_activity where application_name = $1 and datname = current_database()';

/** A migrated database in which a commit waits for its WAL, as in production. */
export async function prepareDatabase() {
  const admin = process.env.TEST_DATABASE_URL;
  if (!admin) throw new Error('TEST_DATABASE_URL is not set: run npm run bench -- event-store');
  const name = `recrate_test_bench_${randomBytes(5).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  await ask(admin, `create database ${name}`);
  const url = (user) => {
    const parsed = new URL(admin);
    parsed.pathname = `/${name}`;
    if (user) [parsed.username, parsed.password] = [user, password];
    return parsed.href;
  };
  const env = {
    DATABASE_URL: url(),
    DATABASE_URL_RT: url('app_rt'),
    DATABASE_URL_WORKER: url('app_worker'),
    DATABASE_URL_PLATFORM: url('app_platform'),
  };
  const migrated = spawnSync(process.execPath, [MIGRATE], { env: { ...process.env, ...env }, encoding: 'utf8' });
  if (migrated.status !== 0) throw new Error(migrated.stderr);
  await ask(url(), RAW);
  await ask(url(), `alter database ${name} set synchronous_commit = on`);
  return {
    rtUrl: url('app_rt'),
    workerUrl: url('app_worker'),
    platformUrl: url('app_platform'),
    ownerUrl: url(),
    /** Runs a statement as the owner, past every policy. */
    run: (sql, values) => ask(url(), sql, values),
    /** Processes that serve the connections of an application. */
    backends: async (application) => (await ask(url(), BACKENDS, [application])).map(({ pid }) => pid),
    drop: () => ask(admin, `drop database ${name} with (force)`),
  };
}

async function ask(connectionString, sql, values) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
}
