import { listeningAs, startApps } from './apps.mjs';
import { ensureBuild } from './build.mjs';
import { openRedis } from './cache.mjs';
import { stopOnSignals } from './commands.mjs';
import { checkRoles, openDatabase } from './database.mjs';
import { fillDemo } from './demo-catalogue.mjs';
import { ensureDemo } from './demo.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { readEnvFile } from './env-file.mjs';
import { tryLock } from './lock.mjs';
import { rotate } from './logs.mjs';
import { runMigrations } from './migrations.mjs';
import { Parts } from './parts.mjs';
import { inData } from './paths.mjs';
import { PortMemory } from './ports.mjs';
import { checkMachine } from './preflight.mjs';
import { RunRecord, recordedUrl, stopLeftParts } from './run-record.mjs';
import { loadSecrets } from './secrets.mjs';
import { SetupError, reportFailure } from './setup-error.mjs';
import { createSteps } from './steps.mjs';
import { untilToldToStop } from './stop-signal.mjs';

/**
 * @typedef {object} Context what the steps of a start share
 * @property {NodeJS.ProcessEnv} env
 * @property {ReturnType<typeof loadSecrets>} secrets
 * @property {PortMemory} ports
 * @property {Parts} parts
 * @property {(line: string) => void} print
 */

const RECORD = inData('run.json');

/** `npm start`: brings the whole product up on this machine and keeps it up until Ctrl-C. */
export async function main() {
  const stop = untilToldToStop();
  stopOnSignals();
  readEnvFile();
  checkMachine();
  const lock = takeClone();
  const record = new RunRecord(RECORD);
  const parts = new Parts(record, console.log);
  try {
    const started = start(parts, record);
    await Promise.race([started, stop.asked]);
    // A start that fails while it is being stopped has nothing to report any more.
    started.catch(() => undefined);
    await stop.asked;
    console.log('\n  stopping …');
  } catch (error) {
    reportFailure(error);
  } finally {
    await parts.stop(stop.hurry);
    record.clear();
    lock.release();
  }
  console.log('  stopped');
  process.exit();
}

function takeClone() {
  const lock = tryLock(inData('run.lock'));
  if (lock.release) return lock;
  const url = recordedUrl(RECORD) ?? 'it is just starting';
  throw new SetupError(
    `Recrate already runs in this clone: ${url} (process ${lock.owner.pid}). Stop it there with Ctrl-C.`,
  );
}

async function start(parts, record) {
  const steps = createSteps((line) => parts.closed || console.log(line));
  const context = await steps.run('check', () => prepare(parts));
  await install(steps);
  const database = await steps.run('PostgreSQL', async (title) => titled(title, await openDatabase(context)));
  const redis = await steps.run('Redis', async (title) => titled(title, await openRedis(context)));
  await steps.run('migrate', async (title) => {
    title(await runMigrations(database.urls));
    if (context.env.DATABASE_URL) await checkRoles(database.urls);
  });
  const apps = await steps.run('apps', async (title) => {
    const addresses = await startApps(context, { urls: database.urls, redisUrl: redis.url });
    title('api and worker');
    return addresses;
  });
  record.announce(apps.url);
  const token = context.env.OPERATOR_TOKEN || context.secrets.OPERATOR_TOKEN;
  const demo = await steps.run('demo', async (title) => {
    const made = await ensureDemo(apps.url, token);
    await fillDemo(apps.url, made.apiKey);
    title(made.created ? 'demo tenant made' : 'demo tenant as before');
    return made;
  });
  for (const note of [...database.notes, ...redis.notes]) console.log(`  ! ${note}`);
  console.log(`\n  ${steps.summary()}\n${welcome(apps, demo, context)}`);
}

async function prepare(parts) {
  listeningAs(process.env);
  const left = await stopLeftParts(RECORD);
  if (left.length > 0) console.log(`  ! a start that was killed had left ${left.join(', ')} running: stopped`);
  for (const name of ['postgres', 'redis']) rotate(inData('logs', `${name}.log`));
  const secrets = loadSecrets(inData('secrets.json'));
  return { env: process.env, secrets, ports: new PortMemory(inData('ports.json')), parts, print: console.log };
}

async function install(steps) {
  await steps.run('dependencies', async (title) => {
    const installed = await ensureDependencies({ announce: () => console.log('  … npm ci, about a minute') });
    title(`dependencies ${installed ? 'installed' : 'as locked'}`);
  });
  await steps.run('build', async (title) => title((await ensureBuild()) ? 'built' : 'build is current'));
}

function titled(title, opened) {
  title(opened.title);
  return opened;
}

function welcome({ url, apiAdmin, workerAdmin }, { apiKey }, { env }) {
  const operator = env.OPERATOR_TOKEN ? 'OPERATOR_TOKEN, as set' : 'in .data/secrets.json (OPERATOR_TOKEN)';
  return `
  API            ${url}/api/v1
  docs           ${url}/api/docs
  probes         ${apiAdmin}/health/ready (api), ${workerAdmin}/health/ready (worker)
  logs           .data/logs
  demo API key   ${apiKey}
  operator token ${operator}

  Try it:
  curl -H "Authorization: Bearer ${apiKey}" ${url}/api/v1/me

  Ctrl-C stops everything.`;
}
