import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { inRoot, root } from './paths.mjs';
import { SetupError } from './setup-error.mjs';

const NEEDED_NODE = 24;
const running = new Set();
let interrupted = false;

/**
 * The Node that the lock file names; the machine's own serves where npm was told to run no install scripts.
 * @returns {string} the binary itself, so that a signal reaches it
 */
export function productNode() {
  const own = inRoot('node_modules', '.bin', 'node');
  if (existsSync(own)) return realpathSync(own);
  if (parseInt(process.versions.node, 10) >= NEEDED_NODE) return process.execPath;
  throw new SetupError('Node 24 is missing from node_modules. Type: npm rebuild node --ignore-scripts=false');
}

/**
 * Runs one of the dependencies' programs and keeps what it prints.
 * @param {string[]} args script below the clone and its arguments
 * @param {NodeJS.ProcessEnv} [env] added to ours
 * @returns {Promise<{ code: number, output: string }>}
 */
export async function capture(args, env) {
  return captureCommand(productNode(), args, { env: { ...process.env, ...env } });
}

/**
 * Runs any program and keeps what it prints.
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 * @returns {Promise<{ code: number, output: string }>}
 */
export async function captureCommand(command, args, options) {
  const child = start(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  return { code: await ended(child), output };
}

/**
 * Runs one of the dependencies' programs on this terminal.
 * @param {string[]} args script below the clone and its arguments
 * @param {NodeJS.ProcessEnv} [env] added to ours
 * @returns {Promise<number>} exit code
 */
export async function show(args, env) {
  return ended(start(productNode(), args, { env: { ...process.env, ...env }, stdio: 'inherit' }));
}

function start(command, args, options) {
  refuseIfInterrupted();
  const child = spawn(command, args, { cwd: root, ...options });
  running.add(child);
  return child;
}

function ended(child) {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  }).finally(() => {
    running.delete(child);
    refuseIfInterrupted();
  });
}

/** What an interrupted program printed proves nothing, and none may be started after it. */
function refuseIfInterrupted() {
  if (interrupted) throw new SetupError('interrupted');
}

/** Lets a tool end in order when it is interrupted: what runs is told to stop, and the tool's own `finally` does the rest. */
export function stopOnSignals() {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      interrupted = true;
      for (const child of running) child.kill('SIGTERM');
    });
  }
}
