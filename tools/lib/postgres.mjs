import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  closeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { captureCommand } from './commands.mjs';
import { identityOf } from './database-home.mjs';
import { commandLine, identify, isWorkedIn, stopProcess, until } from './processes.mjs';
import { SetupError } from './setup-error.mjs';

/** Name of the cluster's superuser, who owns the tables and is used for migrations only. */
export const OWNER = 'owner';
/** Fast, then immediate: never SIGKILL, which would leave its children and shared memory behind. */
export const STOP_SIGNALS = ['SIGINT', 'SIGQUIT'];
export const STOP_GRACE_MS = 20_000;
/** A cluster that was killed replays its log before it answers. */
const READY_TIMEOUT_MS = 120_000;
/** Children of a postmaster that was killed notice it and leave. */
const LEAVE_TIMEOUT_MS = 10_000;
const LOCALE = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', '--encoding=UTF8'];

/**
 * @typedef {object} Cluster
 * @property {string} bin directory of the server's binaries
 * @property {string} dir data directory
 * @property {import('./database-home.mjs').DatabaseUser | undefined} user who runs the server
 */

/**
 * Makes the data directory, under another name first, so that a half-made one is never taken for a database.
 * @param {Cluster} cluster
 * @param {{ password: string, sync: boolean, settings?: Record<string, string | number> }} options `sync: false` for data that may be lost
 */
export async function createCluster({ bin, dir, user }, { password, sync, settings = {} }) {
  const draft = `${dir}.new`;
  const passwordFile = `${draft}.password`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user) for (const path of [draft, passwordFile]) chownSync(path, user.uid, user.gid);
  chmodSync(draft, 0o700);
  const flags = [
    '-D',
    draft,
    '-U',
    OWNER,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--no-instructions',
    ...LOCALE,
  ];
  for (const [name, value] of Object.entries(settings)) flags.push('-c', `${name}=${value}`);
  if (!sync) flags.push('--no-sync');
  // In a group of its own: Ctrl-C comes to it through us, once.
  const options = { ...identityOf(user), cwd: dirname(dir), env: serverEnv(), detached: true };
  const made = await captureCommand(join(bin, 'initdb'), flags, options)
    .catch((error) => {
      if (error instanceof SetupError) throw error;
      return { code: -1, output: error.message };
    })
    .finally(() => rmSync(passwordFile, { force: true }));
  if (made.code !== 0) {
    const advice = 'set DATABASE_URL to a PostgreSQL 16 or newer instead.';
    throw new SetupError(`The embedded PostgreSQL does not work here; ${advice}`, made.output.slice(-2_000));
  }
  renameSync(draft, dir);
}

/**
 * Starts the server in a process group of its own; ready is another matter (`waitUntilReady`).
 * @param {Cluster} cluster
 * @param {{ port: number, settings: Record<string, string | number>, logFile: string }} options
 * @returns {import('node:child_process').ChildProcess}
 */
export function spawnPostgres({ bin, dir, user }, { port, settings, logFile }) {
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', port, log_timezone: 'UTC', ...settings };
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = openSync(logFile, 'a', 0o600);
  try {
    return spawn(join(bin, 'postgres'), ['-D', dir, ...flags], {
      ...identityOf(user),
      env: serverEnv(),
      detached: true,
      stdio: ['ignore', log, log],
    });
  } finally {
    closeSync(log);
  }
}

/** Nothing of the caller's environment: a stray PGDATA or LC_ALL must not reach the server. */
const serverEnv = () => ({ PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC' });

/**
 * Waits for our own server, by the file in its data directory: a port might be answered by somebody else's.
 * @param {Cluster} cluster
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<boolean>} false when the server ended instead
 */
export async function waitUntilReady({ dir }, child) {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (child.exitCode === null && child.signalCode === null && child.pid && Date.now() < deadline) {
    const state = postmasterState(dir);
    if (state?.pid === child.pid && state.status === 'ready') return true;
    await sleep(10);
  }
  return false;
}

/**
 * @param {string} dir
 * @returns {{ pid: number, port: number, status: string } | undefined} what the server wrote into its data directory
 */
export function postmasterState(dir) {
  try {
    const lines = readFileSync(join(dir, 'postmaster.pid'), 'utf8').split('\n');
    return { pid: Number(lines[0]), port: Number(lines[3]), status: (lines[7] ?? '').trim() };
  } catch {
    return undefined;
  }
}

/**
 * Stops a server that an earlier, killed launcher left on this data directory, and removes its lock file once every
 * process has left: PostgreSQL would take the lock of a dead server for a live one when its number is a zombie's or,
 * after a restart of the machine, another program's of the same user.
 * @param {string} dir
 */
export async function stopLeftServer(dir) {
  const pid = postmasterState(dir)?.pid;
  if (!pid) return;
  const identity = commandLine(pid).includes(`-D ${dir} `) ? identify(pid) : undefined;
  if (identity) await stopProcess(identity, STOP_SIGNALS, STOP_GRACE_MS);
  if (process.platform !== 'linux') return;
  await until(() => !isWorkedIn(dir), LEAVE_TIMEOUT_MS);
  if (!isWorkedIn(dir)) rmSync(join(dir, 'postmaster.pid'), { force: true });
}

/** @param {{ user: string, password: string, port: number, database: string }} parts */
export const databaseUrl = ({ user, password, port, database }) =>
  `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
