import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

const root = fileURLToPath(new URL('../..', import.meta.url));
const migrationsDir = `${root}libs/platform/persistence/migrations`;
const ROLES = {
  DATABASE_URL_RT: 'app_rt',
  DATABASE_URL_WORKER: 'app_worker',
  DATABASE_URL_PLATFORM: 'app_platform',
  DATABASE_URL_RO: 'app_ro',
};

/** Names the template after what the migrations say, so that a changed migration never meets an old template. */
function templateName() {
  const hash = createHash('sha256');
  for (const file of readdirSync(migrationsDir).sort())
    hash.update(file).update(readFileSync(`${migrationsDir}/${file}`));
  return `recrate_test_template_${hash.digest('hex').slice(0, 12)}`;
}

/** Builds the template database once; every test file clones its own from it. Only databases named recrate_test_* are touched. */
export default async function setup() {
  const admin = process.env.TEST_DATABASE_URL;
  if (!admin) throw new Error('TEST_DATABASE_URL is not set: run the tests through npm test or npm run test:int');
  const template = templateName();
  const client = new pg.Client({ connectionString: admin });
  await client.connect();
  try {
    const password = process.env.TEST_ROLE_PASSWORD ?? randomBytes(12).toString('hex');
    process.env.TEST_ROLE_PASSWORD = password;
    process.env.TEST_TEMPLATE = template;
    await client.query('select pg_advisory_lock(7311846202)');
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1 and datistemplate', [
      template,
    ]);
    if (!rowCount) {
      await client.query(`drop database if exists ${template}`);
      await client.query(`create database ${template}`);
    }
    migrateTemplate(admin, template, password);
    await client.query(`alter database ${template} is_template true`);
  } finally {
    await client.end();
  }
}

function migrateTemplate(admin, template, password) {
  const url = (user, secret) => {
    const parsed = new URL(admin);
    parsed.pathname = `/${template}`;
    if (user) parsed.username = user;
    if (secret) parsed.password = secret;
    return parsed.href;
  };
  const env = { ...process.env, NODE_OPTIONS: '', DATABASE_URL: url() };
  for (const [name, role] of Object.entries(ROLES)) env[name] = url(role, password);
  const run = spawnSync(process.execPath, [`${root}dist/apps/worker/src/migrate.js`], { env, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`the template database could not be migrated: ${run.stderr}`);
}
