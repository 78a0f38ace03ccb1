import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { databaseHome, databaseUser, openDirectory, passingHome } from './database-home.mjs';
import { tailOf } from './logs.mjs';
import { readJson, writeJson } from './files.mjs';
import { inData } from './paths.mjs';
import { nextFree, quietPort } from './ports.mjs';
import { embeddedServer, installBinaries } from './postgres-binaries.mjs';
import {
  OWNER,
  STOP_GRACE_MS,
  STOP_SIGNALS,
  createCluster,
  databaseUrl,
  spawnPostgres,
  waitUntilReady,
} from './postgres.mjs';
import { identify, isRunning, stopProcess } from './processes.mjs';
import { fetchRedis } from './redis-fetch.mjs';
import { HOW_TO_GET_REDIS, findRedis, pingRedis, redisUrl, spawnRedis, waitForRedis } from './redis.mjs';
import { SetupError } from './setup-error.mjs';

/** Speed before safety: nothing in these clusters outlives the run. */
const SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  wal_level: 'minimal',
  max_wal_senders: 0,
  max_connections: 200,
  // Its workers would sit in the template database and hold up its cloning.
  autovacuum: 'off',
  // A thousand short connections each pay for the password check.
  scram_iterations: 16,
  shared_preload_libraries: 'pg_stat_statements',
};
/** Somebody else's run may take the port between looking and starting. */
const ATTEMPTS = 5;

/**
 * A PostgreSQL and a Redis for one run of the tests, gone with it. Runs side by side do not meet. `TEST_DATABASE_URL` and
 * `TEST_REDIS_URL` take the place of own servers.
 * @param {{ inMemory: boolean }} how whether files of the database may be kept in memory, where there is plenty of it
 * @returns {Promise<{ env: Record<string, string>, title: string, stop: () => Promise<void> }>}
 */
export async function startTestServers({ inMemory }) {
  const { env } = process;
  const run = openRun();
  try {
    const redis = env.TEST_REDIS_URL ? await givenRedis(env.TEST_REDIS_URL) : await ownRedis(run);
    const database = env.TEST_DATABASE_URL ?? (await ownDatabase(run, inMemory));
    const title = `PostgreSQL ${run.version ?? 'as given'}, Redis${env.TEST_REDIS_URL ? ' as given' : ''} for this run`;
    return { env: { TEST_DATABASE_URL: database, TEST_REDIS_URL: redis }, title, stop: () => closeRun(run) };
  } catch (error) {
    await closeRun(run);
    throw error;
  }
}

async function givenRedis(url) {
  const trouble = await pingRedis(url);
  if (trouble) throw new SetupError(`TEST_REDIS_URL does not answer (${trouble}).`);
  return url;
}

async function ownRedis(run) {
  const program = findRedis() ?? (await fetchRedis().catch((error) => noRedis(error)));
  const password = randomBytes(12).toString('hex');
  const logFile = join(run.dir, 'redis.log');
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const port = await nextFree(quietPort(process.pid * 13 + attempt * 101));
    const child = spawnRedis(program, { dir: join(run.dir, 'redis'), port, password, durable: false, logFile });
    record(run, 'redis', child);
    const url = redisUrl({ port, password });
    if (await waitForRedis(url, child)) return url;
  }
  throw new SetupError('Redis for the tests does not start.', tailOf(logFile));
}

function noRedis(error) {
  throw new SetupError(
    `The tests need Redis: ${error.message}. Type: ${HOW_TO_GET_REDIS}. Or set TEST_REDIS_URL to a Redis that may be emptied.`,
  );
}

async function ownDatabase(run, inMemory) {
  const { version, major } = embeddedServer();
  const user = databaseUser(inData('test'));
  const { home } = await databaseHome(user, `pg${major}`);
  const place = inMemory ? await passingHome(user, home) : openDirectory(join(home, 'test'));
  run.clusterDir = join(place, `pg-${process.pid}`);
  run.save();
  const cluster = { bin: await installBinaries(home), dir: run.clusterDir, user };
  const password = randomBytes(12).toString('hex');
  await createCluster(cluster, { password, sync: false, settings: { scram_iterations: SETTINGS.scram_iterations } });
  const logFile = join(run.dir, 'postgres.log');
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const port = await nextFree(quietPort(process.pid * 17 + attempt * 103));
    const child = spawnPostgres(cluster, { port, settings: SETTINGS, logFile });
    record(run, 'postgres', child);
    run.version = version;
    if (await waitUntilReady(cluster, child)) return databaseUrl({ user: OWNER, password, port, database: 'postgres' });
  }
  throw new SetupError('PostgreSQL for the tests does not start.', tailOf(logFile));
}

const runsDir = () => inData('test');

/** Also tidies up after runs that were killed. */
function openRun() {
  mkdirSync(runsDir(), { recursive: true });
  const dir = join(runsDir(), `run-${process.pid}`);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir);
  const run = { dir, owner: identify(process.pid), children: {}, save: () => undefined };
  run.save = () => writeJson(join(dir, 'run.json'), run);
  run.save();
  return run;
}

function record(run, name, child) {
  child.on('error', () => undefined);
  run.children[name] = child.pid ? identify(child.pid) : undefined;
  run.save();
}

async function closeRun(run) {
  const { postgres, redis } = run.children;
  if (redis) await stopProcess(redis, ['SIGKILL'], 2_000);
  if (postgres) await stopProcess(postgres, STOP_SIGNALS, STOP_GRACE_MS);
  for (const dir of [run.clusterDir, `${run.clusterDir}.new`])
    if (run.clusterDir) rmSync(dir, { recursive: true, force: true });
  rmSync(run.dir, { recursive: true, force: true });
}

/** Ends servers whose run was killed before it could, and removes what they left. */
export async function sweepDeadRuns() {
  mkdirSync(runsDir(), { recursive: true });
  for (const name of readdirSync(runsDir()).filter((entry) => entry.startsWith('run-'))) {
    const dir = join(runsDir(), name);
    const run = readJson(join(dir, 'run.json'));
    if (run && !isRunning(run.owner)) await closeRun({ ...run, dir });
  }
}
