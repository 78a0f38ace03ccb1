import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { productNode } from './commands.mjs';
import { rotate } from './logs.mjs';
import { inData, inRoot, root } from './paths.mjs';
import { portFrom } from './ports.mjs';

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 30;
/** A worker hands back its leases within 25 s and leaves by 28 s. */
const GRACE_MS = 28_000;
const DEFAULTS = { HOST: '127.0.0.1', PORT: 3000, ADMIN_PORT: 3001 };
const EVERYWHERE = new Set(['0.0.0.0', '::']);

/**
 * Where the apps are to listen, as far as that was asked for.
 * @param {NodeJS.ProcessEnv} env
 * @throws SetupError when it cannot be
 */
export function listeningAs(env) {
  return {
    host: env.HOST || DEFAULTS.HOST,
    port: portFrom(env, 'PORT', DEFAULTS.PORT),
    // The worker's is the next one.
    admin: portFrom(env, 'ADMIN_PORT', DEFAULTS.ADMIN_PORT, 65_534),
  };
}

/**
 * Starts api and worker side by side.
 * @param {import('./launcher.mjs').Context} context
 * @param {{ urls: Record<string, string>, redisUrl: string }} servers
 * @returns {Promise<{ url: string, apiAdmin: string, workerAdmin: string }>}
 */
export async function startApps(context, { urls, redisUrl }) {
  const { env, ports } = context;
  const { host, port, admin } = listeningAs(env);
  const at = (name, wanted, variable) => ports.pick(name, wanted, { host, insist: Boolean(env[variable]) });
  const http = at('api', port, 'PORT');
  const apiAdmin = at('apiAdmin', admin, 'ADMIN_PORT');
  const workerAdmin = at('workerAdmin', admin + 1, 'ADMIN_PORT');
  // In this order, so that a clone that has to move gets neighbouring numbers.
  for (const picked of [http, apiAdmin, workerAdmin]) await picked.now();
  const shared = { ...secretsFor(context), HOST: host, REDIS_URL: redisUrl };
  const { DATABASE_URL_RT, DATABASE_URL_PLATFORM, DATABASE_URL_WORKER } = urls;
  await Promise.all([
    startApp(context, 'api', host, { http, admin: apiAdmin }, { ...shared, DATABASE_URL_RT, DATABASE_URL_PLATFORM }),
    startApp(context, 'worker', host, { admin: workerAdmin }, { ...shared, DATABASE_URL_WORKER }),
  ]);
  const url = (picked) => `http://${visitable(host)}:${picked.settle()}`;
  return { url: url(http), apiAdmin: url(apiAdmin), workerAdmin: url(workerAdmin) };
}

/** Where to reach a server that listens on every address. */
function visitable(host) {
  if (EVERYWHERE.has(host)) return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

const secretsFor = ({ env, secrets }) => ({
  NODE_ENV: env.NODE_ENV || 'development',
  RECRATE_SECRET: env.RECRATE_SECRET || secrets.RECRATE_SECRET,
});

/**
 * What bounds a worker's memory. Half its work is garbage by the time the collector looks: it looks as soon as the heap has grown by
 * 42 % (by default it lets it grow to four times what lives) and keeps the young generation small. The allocator of C has one arena,
 * and gives blocks from 128 KiB on, such as the keys of a planned file, back to the machine when they are freed.
 */
const WORKER_FLAGS = ['--max-semi-space-size=8', '--heap-growing-percent=42'];
const WORKER_ENV = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' };

/**
 * How an app is run: the arguments of Node, and what stands in its environment besides its settings.
 * @param {'api' | 'worker'} name
 */
export function launchOf(name) {
  const script = inRoot('dist', 'apps', name, 'src', 'main.js');
  const flags = name === 'worker' ? WORKER_FLAGS : [];
  return { script, flags, args: [...flags, script], env: name === 'worker' ? WORKER_ENV : {} };
}

async function startApp({ parts, env, secrets }, name, host, ports, settings) {
  const { script, args, env: own } = launchOf(name);
  const logFile = inData('logs', `${name}.log`);
  const operator = name === 'api' ? { OPERATOR_TOKEN: env.OPERATOR_TOKEN || secrets.OPERATOR_TOKEN } : {};
  const given = { NODE_COMPILE_CACHE: inData('cache'), ...own, ...withoutOwner(env), ...settings, ...operator };
  rotate(logFile);
  let admin;
  await parts.start({
    name,
    logFile,
    signals: ['SIGTERM'],
    graceMs: GRACE_MS,
    launch: async () => {
      admin = await ports.admin.now();
      const listening = { ADMIN_PORT: String(admin), ...(ports.http ? { PORT: String(await ports.http.now()) } : {}) };
      return { child: spawnApp(args, { ...given, ...listening }, logFile), marker: script };
    },
    ready: (child) => waitUntilReady(child, `http://${visitable(host)}:${admin}/health/ready`),
  });
  for (const port of Object.values(ports)) port.settle();
}

/** The apps refuse to run as the owner of the tables, and need not know the way. */
function withoutOwner(env) {
  const rest = { ...env };
  delete rest.DATABASE_URL;
  return rest;
}

function spawnApp(args, env, logFile) {
  const log = openSync(logFile, 'a', 0o600);
  try {
    // A group of its own: Ctrl-C reaches the launcher only, which then stops the parts in order.
    return spawn(productNode(), args, { cwd: root, env, detached: true, stdio: ['ignore', log, log] });
  } finally {
    closeSync(log);
  }
}

async function waitUntilReady(child, url) {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (child.exitCode === null && child.signalCode === null && child.pid && Date.now() < deadline) {
    if (await answersOk(url)) return true;
    await sleep(POLL_MS);
  }
  return false;
}

async function answersOk(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
