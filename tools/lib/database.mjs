import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { databaseHome, databaseUser } from './database-home.mjs';
import { inData, inRoot } from './paths.mjs';
import { quietPort } from './ports.mjs';
import { embeddedServer, installBinaries } from './postgres-binaries.mjs';
import {
  OWNER,
  STOP_GRACE_MS,
  STOP_SIGNALS,
  createCluster,
  databaseUrl,
  spawnPostgres,
  stopLeftServer,
  waitUntilReady,
} from './postgres.mjs';
import { SetupError } from './setup-error.mjs';

const DATABASE = 'recrate';
const OLDEST_SERVER = 160_000;
const EXTENSIONS = ['pg_trgm', 'btree_gin'];
const CONNECT_TIMEOUT_MS = 5_000;
/** Durability is left as PostgreSQL ships it. */
const SETTINGS = { shared_buffers: '256MB', max_connections: 200, shared_preload_libraries: 'pg_stat_statements' };
/** Variables with the apps' own URLs, the role each connects as and the secret with its password. */
const ROLES = {
  DATABASE_URL_RT: ['app_rt', 'rtPassword'],
  DATABASE_URL_WORKER: ['app_worker', 'workerPassword'],
  DATABASE_URL_PLATFORM: ['app_platform', 'platformPassword'],
  DATABASE_URL_RO: ['app_ro', 'roPassword'],
};

/**
 * The owner's database if one is named, else the embedded one.
 * @param {import('./launcher.mjs').Context} context
 * @returns {Promise<{ title: string, urls: Record<string, string>, notes: string[] }>} `urls` by variable
 */
export async function openDatabase(context) {
  const given = context.env.DATABASE_URL;
  const opened = given ? await checkGiven(given) : await openEmbedded(context);
  return { ...opened, urls: urlsFor(opened.ownerUrl, context) };
}

/** The owner's URL for migrations and one per role; a role's URL that is set stays as it is. */
export function urlsFor(ownerUrl, { env, secrets }) {
  const urls = { DATABASE_URL: ownerUrl };
  for (const [name, [role, secret]] of Object.entries(ROLES)) {
    const url = new URL(ownerUrl);
    url.username = role;
    url.password = secrets[secret];
    urls[name] = env[name] || url.href;
  }
  return urls;
}

async function openEmbedded({ ports, secrets, parts }) {
  const { version, major } = embeddedServer();
  const name = `pg${major}`;
  const user = databaseUser(inData(name));
  const { home, fellBack } = await databaseHome(user, name);
  const cluster = { bin: await installBinaries(home), dir: join(home, name), user };
  await stopLeftServer(cluster.dir);
  if (!existsSync(cluster.dir)) await makeCluster(cluster, home, name, secrets);
  const port = await startServer(cluster, ports, parts);
  const ownerUrl = databaseUrl({ user: OWNER, password: secrets.ownerPassword, port, database: DATABASE });
  await createDatabase(ownerUrl, cluster.dir);
  const notes = fellBack
    ? [`${user?.name ?? 'The database'} cannot work in ${inData()}: the database is in ${home}`]
    : [];
  return { ownerUrl, title: `PostgreSQL ${version} (embedded, port ${port})`, notes };
}

async function startServer(cluster, ports, parts) {
  const logFile = inData('logs', 'postgres.log');
  const port = ports.pick('postgres', quietPort(process.pid * 7));
  await parts.start({
    name: 'PostgreSQL',
    logFile,
    signals: STOP_SIGNALS,
    graceMs: STOP_GRACE_MS,
    launch: async () => ({
      child: spawnPostgres(cluster, { port: await port.now(), settings: SETTINGS, logFile }),
      marker: `-D ${cluster.dir} `,
    }),
    ready: (child) => waitUntilReady(cluster, child),
  });
  return port.settle();
}

async function makeCluster(cluster, home, name, secrets) {
  const other = readdirSync(home).find((entry) => /^pg\d+$/.test(entry) && entry !== name);
  if (other) {
    throw new SetupError(
      `The data in ${join(home, other)} is of another PostgreSQL than ${name}: check out the version that made it, or type: npm run reset`,
    );
  }
  await createCluster(cluster, { password: secrets.ownerPassword, sync: true });
}

async function createDatabase(ownerUrl, dir) {
  const admin = await connect(ownerUrl.replace(/\/[^/]*$/, '/postgres')).catch((error) => {
    if (error.code !== '28P01') throw error;
    throw new SetupError(
      `The database in ${dir} has another password than ${inData('secrets.json')}: restore that file, or type: npm run reset`,
    );
  });
  try {
    const { rows } = await admin.query('show data_directory');
    if (rows[0].data_directory !== dir)
      throw new SetupError(`Another PostgreSQL answers at our port (${rows[0].data_directory}). Start again.`);
    const { rowCount } = await admin.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (!rowCount) await admin.query(`create database ${DATABASE}`);
  } finally {
    await admin.end();
  }
}

/** @param {string} ownerUrl of a server that is not ours */
export async function checkGiven(ownerUrl) {
  const client = await connect(ownerUrl).catch((error) => {
    throw unreachable(error);
  });
  try {
    const { rows } = await client.query(
      `select current_setting('server_version_num')::int as number, current_setting('server_version') as version,
              array(select name::text from pg_available_extensions where name = any($1)) as extensions`,
      [EXTENSIONS],
    );
    const { number, version, extensions } = rows[0];
    if (number < OLDEST_SERVER)
      throw new SetupError(
        `DATABASE_URL is a PostgreSQL ${version}: 16 or newer is needed. Or unset it, to use the embedded one.`,
      );
    const missing = EXTENSIONS.filter((name) => !extensions.includes(name));
    if (missing.length > 0)
      throw new SetupError(
        `The server of DATABASE_URL lacks ${missing.join(', ')}: install its contrib package (postgresql-contrib).`,
      );
    return { ownerUrl, title: `PostgreSQL ${version.split(' ')[0]} (DATABASE_URL)`, notes: [] };
  } finally {
    await client.end();
  }
}

/**
 * On a server that is not ours the roles may have passwords from elsewhere, which only an owner with CREATEROLE can change.
 * @param {Record<string, string>} urls by variable
 */
export async function checkRoles(urls) {
  for (const [name, [role]] of Object.entries(ROLES)) {
    const client = await connect(urls[name]).catch((error) => {
      throw new SetupError(`${role} cannot log in (${error.message}): set ${name} to a URL that works for it.`);
    });
    await client.end();
  }
}

async function connect(url) {
  const { Client } = createRequire(inRoot('package.json'))('pg');
  const client = new Client({ connectionString: new URL(url).href, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  // A server that goes away is noticed where it matters: its part died, or the next query fails.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

function unreachable(error) {
  if (error.code === 'ERR_INVALID_URL')
    return new SetupError('DATABASE_URL is no URL: postgres://USER:PASSWORD@HOST:5432/DATABASE');
  if (error.code === '3D000') return new SetupError(`DATABASE_URL: ${error.message}. Make it: createdb NAME`);
  if (/^28/.test(error.code ?? ''))
    return new SetupError(`DATABASE_URL is refused: ${error.message}. Check user and password.`);
  const reason = error.message || error.errors?.[0]?.message || error.code;
  return new SetupError(
    `DATABASE_URL does not answer (${reason}): start that server, or unset it to use the embedded one.`,
  );
}
