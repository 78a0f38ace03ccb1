import { spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { Served } from '../support/served.mjs';
import { HTTP_SCRIPT } from './servers.mjs';

const MIGRATE = fileURLToPath(new URL('../../../dist/apps/worker/src/migrate.js', import.meta.url));
const ROWS = 100_000;
const TENANTS = 50;

const SETUP = (tenant) => `
create schema bench;
grant usage on schema bench to app_rt;
create table bench.thing (tenant_id uuid not null, id uuid not null default gen_random_uuid(), name text not null,
  price_minor bigint not null, created_at timestamptz not null, primary key (tenant_id, id));
create index on bench.thing (tenant_id, created_at desc, id);
insert into bench.thing (tenant_id, name, price_minor, created_at)
  select case when n % ${TENANTS} = 0 then '${tenant}'::uuid else md5((n % ${TENANTS})::text)::uuid end,
         'Record number ' || n, n, now() - n * interval '1 second' from generate_series(1, ${ROWS}) as n;
alter table bench.thing enable row level security;
alter table bench.thing force row level security;
create policy tenant on bench.thing using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on bench.thing to app_rt;
update identity.tenant set requests_per_minute = 1000000000, key_requests_per_10_seconds = 1000000000, concurrent_requests = 100000;
analyze bench.thing;`;

/** A migrated database with 100,000 rows of 50 tenants, and a key whose limits are out of the way. */
export async function prepareDatabase() {
  const admin = process.env.TEST_DATABASE_URL;
  if (!admin) throw new Error('TEST_DATABASE_URL is not set: run npm run bench -- http');
  const name = `recrate_test_bench_${randomBytes(5).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  await asAdmin(admin, `create database ${name}`);
  const url = (user) => {
    const parsed = new URL(admin);
    parsed.pathname = `/${name}`;
    if (user) [parsed.username, parsed.password] = [user, password];
    return parsed.href;
  };
  const env = {
    NODE_ENV: 'test',
    DATABASE_URL: url(),
    DATABASE_URL_RT: url('app_rt'),
    DATABASE_URL_PLATFORM: url('app_platform'),
    DATABASE_URL_WORKER: url('app_worker'),
    REDIS_URL: process.env.TEST_REDIS_URL,
    RECRATE_SECRET: randomBytes(32).toString('base64url'),
    OPERATOR_TOKEN: `op_${randomBytes(32).toString('base64url')}`,
    BENCH_OWNER_URL: url(),
  };
  const migrated = spawnSync(process.execPath, [MIGRATE], { env: { ...process.env, ...env }, encoding: 'utf8' });
  if (migrated.status !== 0) throw new Error(migrated.stderr);
  const tenant = await makeTenant(env);
  await asAdmin(url(), SETUP(tenant.uuid));
  return {
    env: { ...env, BENCH_TENANT: tenant.uuid },
    key: tenant.key,
    drop: () => asAdmin(admin, `drop database ${name} with (force)`),
  };
}

/** Through the api itself, started for the moment: the way every store begins. */
async function makeTenant(env) {
  const api = await new Served(HTTP_SCRIPT, 'ours', env).ready();
  const post = async (path, body) => {
    const headers = {
      authorization: `Bearer ${env.OPERATOR_TOKEN}`,
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
    };
    const answer = await fetch(`${api.url}/api/v1/platform/${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    if (answer.status !== 201) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  };
  const { id } = await post('tenants', { name: 'Bench Records', mode: 'test' });
  const { key } = await post(`tenants/${id}/api-keys`, { name: 'bench' });
  api.stop();
  const [{ tenant_id: uuid }] = await asAdmin(env.DATABASE_URL, 'select tenant_id from identity.tenant');
  return { uuid, key };
}

async function asAdmin(connectionString, sql) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
