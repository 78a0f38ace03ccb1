import { spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { Served } from '../support/served.mjs';

const MIGRATE = fileURLToPath(new URL('../../../dist/apps/worker/src/migrate.js', import.meta.url));
export const SCRIPT = fileURLToPath(new URL('main.mjs', import.meta.url));
const BACKENDS = 'select pid from pg_stat_activity where application_name = $1 and datname = current_database()';

/** A migrated database with a store in it whose limits are out of the way. */
export async function prepareDatabase() {
  const admin = process.env.TEST_DATABASE_URL;
  if (!admin) throw new Error('TEST_DATABASE_URL is not set: run npm run bench -- catalog');
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
    NODE_ENV: 'test',
    DATABASE_URL: url(),
    DATABASE_URL_RT: url('app_rt'),
    DATABASE_URL_PLATFORM: url('app_platform'),
    DATABASE_URL_WORKER: url('app_worker'),
    RECRATE_SECRET: randomBytes(32).toString('base64url'),
    OPERATOR_TOKEN: `op_${randomBytes(32).toString('base64url')}`,
    STATEMENT_TIMEOUT_MS: '60000',
  };
  const migrated = spawnSync(process.execPath, [MIGRATE], { env: { ...process.env, ...env }, encoding: 'utf8' });
  if (migrated.status !== 0) throw new Error(migrated.stderr);
  const key = await makeStore(env);
  await ask(
    url(),
    'update identity.tenant set requests_per_minute = 1000000000, key_requests_per_10_seconds = 1000000000, concurrent_requests = 100000',
  );
  const [{ tenant_id: tenantId }] = await ask(url(), 'select tenant_id from identity.tenant');
  return {
    env: { ...env, BENCH_TENANT: tenantId },
    tenantId,
    key,
    ownerUrl: url(),
    workerUrl: url('app_worker'),
    /** Runs a statement as the owner, past every policy. */
    run: (sql, values) => ask(url(), sql, values),
    backends: async (application) => (await ask(url(), BACKENDS, [application])).map(({ pid }) => pid),
    drop: () => ask(admin, `drop database ${name} with (force)`),
  };
}

/** Through the api itself, started for the moment: the way every store begins. */
async function makeStore(env) {
  const api = await new Served(SCRIPT, 'ours', env).ready();
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
  return key;
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
