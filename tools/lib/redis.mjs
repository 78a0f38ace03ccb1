import { spawn } from 'node:child_process';
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { inData } from './paths.mjs';

const NAMES = ['redis-server', 'valkey-server'];
/** Where a server fetched for this clone alone is unpacked. */
export const fetchedDir = inData('redis');
const READY_TIMEOUT_MS = 60_000;
const ANSWER_TIMEOUT_MS = 2_000;

/** What to type where Redis can be neither found nor fetched. */
export const HOW_TO_GET_REDIS = 'sudo apt-get install redis-server (Debian, Ubuntu) or brew install redis (macOS)';

/**
 * @typedef {object} RedisProgram
 * @property {string} path
 * @property {NodeJS.ProcessEnv} env
 */

/** @returns {RedisProgram | undefined} the server on PATH, else the one fetched earlier */
export function findRedis() {
  const onPath = (process.env.PATH ?? '').split(delimiter).flatMap((dir) => NAMES.map((name) => join(dir, name)));
  const installed = onPath.find(isExecutable);
  if (installed) return { path: installed, env: process.env };
  const fetched = NAMES.map((name) => join(fetchedDir, 'usr', 'bin', name)).find(isExecutable);
  return fetched ? { path: fetched, env: { ...process.env, LD_LIBRARY_PATH: fetchedLibraries() } } : undefined;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Debian keeps libraries one level down, in a folder named after the machine. */
function fetchedLibraries() {
  const parents = ['lib', 'usr/lib'].map((part) => join(fetchedDir, part)).filter((path) => existsSync(path));
  const nested = parents.flatMap((parent) => readdirSync(parent).map((name) => join(parent, name)));
  return [...nested, ...parents].join(delimiter);
}

/**
 * Starts a server in a process group of its own.
 * @param {RedisProgram} program
 * @param {{ dir: string, port: number, password: string, durable: boolean, logFile: string }} options
 * @returns {import('node:child_process').ChildProcess}
 */
export function spawnRedis({ path, env }, { dir, port, password, durable, logFile }) {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const config = join(dir, 'redis.conf');
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    `dir "${dir}"`,
    `appendonly ${durable ? 'yes' : 'no'}`,
    'save ""',
    'maxmemory-policy noeviction',
    'daemonize no',
  ];
  // A file, not arguments: the password would be in the list of processes.
  writeFileSync(config, `${lines.join('\n')}\n`, { mode: 0o600 });
  const log = openSync(logFile, 'a', 0o600);
  try {
    return spawn(path, [config], { env, detached: true, stdio: ['ignore', log, log] });
  } finally {
    closeSync(log);
  }
}

/** @param {{ port: number, password: string }} parts */
export const redisUrl = ({ port, password }) => `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}/0`;

/**
 * @param {string} url
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<boolean>} false when the server ended instead
 */
export async function waitForRedis(url, child) {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (child.exitCode === null && child.signalCode === null && child.pid && Date.now() < deadline) {
    if ((await pingRedis(url)) === undefined) return true;
    await sleep(20);
  }
  return false;
}

/**
 * One PING, by hand: the launcher has no client library before the dependencies are there.
 * @param {string} url
 * @returns {Promise<string | undefined>} why it did not answer; nothing when it did
 */
export function pingRedis(url) {
  const { protocol, hostname, port, username, password } = new URL(url);
  const credentials = [username, password].filter(Boolean).map(decodeURIComponent);
  const request = (credentials.length > 0 ? command('AUTH', ...credentials) : '') + command('PING');
  return new Promise((resolve) => {
    const target = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 6379) };
    const socket = protocol === 'rediss:' ? connectTls({ ...target, servername: hostname }) : connect(target);
    const end = (reason) => {
      socket.destroy();
      resolve(reason);
    };
    let answer = '';
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => end('no answer'));
    socket.on('error', (error) => end(error.message));
    socket.on('close', () => end('connection closed'));
    socket.on('data', (chunk) => {
      answer += chunk;
      if (answer.includes('+PONG')) end();
      else if (/^-.*\r\n/m.test(answer)) end(answer.match(/^-(.*)\r\n/m)[1]);
    });
    socket.write(request);
  });
}

/** A request in the Redis protocol. */
const command = (...words) =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
