import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Between two looks at whether a process is gone. */
const POLL_MS = 20;

/**
 * @typedef {object} Identity a process that cannot be mistaken for a later one with the same number
 * @property {number} pid
 * @property {string} startedAt start time as the system tells it; compared, never read
 */

/**
 * @param {number} pid
 * @returns {Identity | undefined} nothing for a process that is gone or a zombie
 */
export function identify(pid) {
  try {
    const startedAt = process.platform === 'linux' ? startTicks(pid) : startFromPs(pid);
    return startedAt ? { pid, startedAt } : undefined;
  } catch {
    return undefined;
  }
}

function startTicks(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command stands in brackets and may hold anything; state is the first field after it, start time the 20th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

function startFromPs(pid) {
  const [state, ...rest] = ps(pid, 'stat=,lstart=').split(/\s+/);
  return state.startsWith('Z') ? undefined : rest.join(' ');
}

const ps = (pid, columns) => execFileSync('ps', ['-o', columns, '-p', String(pid)], { encoding: 'utf8' }).trim();

/**
 * @param {number} pid
 * @returns {string} the command line, empty when the process is gone
 */
export function commandLine(pid) {
  try {
    if (process.platform !== 'linux') return ps(pid, 'command=');
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

/**
 * @param {Identity | undefined} identity
 * @returns {boolean} whether exactly that process still runs
 */
export function isRunning(identity) {
  return Boolean(identity) && identify(identity.pid)?.startedAt === identity.startedAt;
}

/**
 * Asks a process to end, then makes it.
 * @param {Identity} identity
 * @param {NodeJS.Signals[]} signals sent in turn, each given `graceMs`
 * @param {number} graceMs
 * @param {AbortSignal} [hurry] cuts the current grace short
 */
export async function stopProcess(identity, signals, graceMs, hurry) {
  for (const signal of signals) {
    if (!isRunning(identity)) return;
    send(identity.pid, signal);
    // Nobody can refuse this one, and a parent that leaves before the end leaves a zombie.
    const patient = signal === 'SIGKILL';
    await until(() => !isRunning(identity) || (hurry?.aborted && !patient), graceMs);
  }
}

/**
 * @param {() => boolean} condition looked at again and again
 * @param {number} withinMs given up after this long
 */
export async function until(condition, withinMs) {
  const deadline = Date.now() + withinMs;
  while (!condition() && Date.now() < deadline) await sleep(POLL_MS);
}

/**
 * @param {string} dir
 * @returns {boolean} whether a process has it as its working directory; Linux only
 */
export function isWorkedIn(dir) {
  return readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && workingDirectory(pid) === dir);
}

function workingDirectory(pid) {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

function send(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
