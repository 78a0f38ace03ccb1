import { linkSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readJson, writeJson } from './files.mjs';
import { identify, isRunning } from './processes.mjs';

const POLL_MS = 100;

/**
 * Takes a lock that dies with its process: a lock whose owner is gone is taken over.
 * @param {string} path
 * @returns {{ release: () => void } | { owner: import('./processes.mjs').Identity }}
 */
export function tryLock(path) {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  writeJson(draft, identify(process.pid));
  try {
    for (;;) {
      if (linked(draft, path)) return { release: () => rmSync(path, { force: true }) };
      const owner = readJson(path);
      if (isRunning(owner)) return { owner };
      if (owner) removeStale(path, owner);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Two processes may find the same stale lock; the slower one must not remove the quicker one's new lock. */
function removeStale(path, owner) {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  const found = readJson(aside);
  if (found?.pid !== owner.pid || found?.startedAt !== owner.startedAt) linked(aside, path);
  rmSync(aside, { force: true });
}

function linked(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Runs alone among all tools of this clone; others wait.
 * @template T
 * @param {string} path
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(path, work) {
  let lock = tryLock(path);
  while (!lock.release) {
    await sleep(POLL_MS);
    lock = tryLock(path);
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}
