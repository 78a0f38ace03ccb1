import { existsSync, readFileSync, renameSync, statSync } from 'node:fs';

/** One older file is kept beside the current one. */
const ROTATE_BYTES = 20 * 1024 * 1024;
const SHOWN_LINES = 6;
/** Levels of the apps' log that tell of a cause. */
const SEVERE = new Set(['error', 'fatal']);

/**
 * Starts a new file when the old one has grown large.
 * @param {string} path
 */
export function rotate(path) {
  if (existsSync(path) && statSync(path).size > ROTATE_BYTES) renameSync(path, `${path}.1`);
}

/**
 * @param {string} path
 * @param {number} [from] byte at which the interesting part begins
 * @returns {string} the last lines that a person looking for the cause would read
 */
export function tailOf(path, from = 0) {
  if (!existsSync(path)) return '';
  const lines = readFileSync(path).subarray(from).toString('utf8').split('\n');
  return lines.map(worthShowing).filter(Boolean).slice(-SHOWN_LINES).join('\n');
}

/** What PostgreSQL and Redis write when all is well. */
const ROUTINE = / (LOG|DETAIL|HINT|STATEMENT): {2}|^\d+:[XCSM] \d+ \w+ \d+ [\d:.]+ [-.*] /;

/** Errors of the apps' JSON logs as text, problems in the servers' logs, and what no logger wrote: stack traces, crashes. */
function worthShowing(line) {
  if (line.startsWith('{')) {
    try {
      const { level, msg, error } = JSON.parse(line);
      return SEVERE.has(level) ? [msg, error?.message].filter(Boolean).join(': ') : '';
    } catch {
      return line;
    }
  }
  return ROUTINE.test(line) ? '' : line.trimEnd();
}
