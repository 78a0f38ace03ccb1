import { existsSync, rmSync } from 'node:fs';
import { readJson, writeJson } from './files.mjs';
import { commandLine, isRunning, stopProcess } from './processes.mjs';

/** Longer than a worker may take to hand back its leases. */
const GRACE_MS = 28_000;

/**
 * @typedef {import('./processes.mjs').Identity & { marker: string, signals: NodeJS.Signals[] }} RecordedPart
 */

/** What this launcher started, on disk, so that the next one can clear up after it was killed. */
export class RunRecord {
  /** @param {string} path */
  constructor(path) {
    this.path = path;
    this.state = { url: undefined, parts: {} };
  }

  /** @param {string} name @param {RecordedPart} part */
  add(name, part) {
    this.state.parts[name] = part;
    writeJson(this.path, this.state);
  }

  /** @param {string} name */
  remove(name) {
    delete this.state.parts[name];
    writeJson(this.path, this.state);
  }

  /** @param {string} url where a second start says the product is */
  announce(url) {
    this.state.url = url;
    writeJson(this.path, this.state);
  }

  clear() {
    rmSync(this.path, { force: true });
  }
}

/**
 * @param {string} path
 * @returns {string | undefined} where the launcher that wrote it serves
 */
export const recordedUrl = (path) => readJson(path)?.url;

/**
 * @param {string} path
 * @returns {[string, RecordedPart][]} processes of a launcher that is gone which still run. Start time and command line
 *   must both agree: the number may be somebody else's by now.
 */
export function leftParts(path) {
  const parts = Object.entries(readJson(path)?.parts ?? {});
  return parts.filter(([, part]) => isRunning(part) && commandLine(part.pid).includes(part.marker));
}

/**
 * Stops what a killed launcher left behind.
 * @param {string} path
 * @returns {Promise<string[]>} names of what was stopped
 */
export async function stopLeftParts(path) {
  if (!existsSync(path)) return [];
  const left = leftParts(path);
  // Apps first, as in an orderly stop: they need the servers to hand back what they hold.
  for (const needed of [isApp, isServer]) {
    await Promise.all(left.filter(needed).map(([, part]) => stopProcess(part, [...part.signals, 'SIGKILL'], GRACE_MS)));
  }
  rmSync(path, { force: true });
  return left.map(([name]) => name);
}

const SERVERS = new Set(['PostgreSQL', 'Redis']);
const isServer = ([name]) => SERVERS.has(name);
const isApp = (entry) => !isServer(entry);
