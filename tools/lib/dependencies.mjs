import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { captureCommand } from './commands.mjs';
import { readJson } from './files.mjs';
import { withLock } from './lock.mjs';
import { inData, inRoot, root } from './paths.mjs';
import { SetupError } from './setup-error.mjs';

const STAMP = inRoot('node_modules', '.recrate-stamp');
/** Parts of package.json that decide what npm installs. */
const PARTS = ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides', 'allowScripts'];
const TAIL_LINES = 12;

/**
 * Installs what the lock file names, when something is missing or stale.
 * @param {{ onlyIfNone?: boolean, announce?: () => void }} [options] `onlyIfNone`: leave an installed tree alone, even a
 *   stale one. A run of some tests must not take node_modules away from under others that work in the same tree.
 * @returns {Promise<boolean>} whether it had to install
 */
export async function ensureDependencies({ onlyIfNone = false, announce } = {}) {
  if (upToDate() || (onlyIfNone && existsSync(inRoot('node_modules')))) return false;
  return withLock(inData('install.lock'), async () => {
    if (upToDate()) return false;
    refuseLink();
    announce?.();
    await install();
    writeFileSync(STAMP, wantedStamp());
    return true;
  });
}

/** npm would empty the folder behind it, which belongs to somebody else. */
function refuseLink() {
  const modules = inRoot('node_modules');
  if (!lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  const target = existsSync(modules) ? realpathSync(modules) : 'nowhere';
  throw new SetupError(
    `node_modules is a link to ${target}, which does not hold what package-lock.json names. Remove the link, or type npm ci there.`,
  );
}

function upToDate() {
  const wanted = wantedStamp();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return true;
  if (!installedByHand()) return false;
  writeFileSync(STAMP, wanted);
  return true;
}

function wantedStamp() {
  const manifest = readJson(inRoot('package.json'));
  const hash = createHash('sha256').update(readFileSync(inRoot('package-lock.json')));
  for (const part of PARTS) hash.update(JSON.stringify(manifest[part] ?? null));
  return hash.digest('hex');
}

/** Somebody ran `npm ci` or `npm install` themselves: npm's own record of node_modules agrees with the lock file. */
function installedByHand() {
  const locked = readJson(inRoot('package-lock.json'))?.packages ?? {};
  const installed = readJson(inRoot('node_modules', '.package-lock.json'))?.packages;
  const manifest = readJson(inRoot('package.json'));
  if (!installed || !locked['']) return false;
  const asked = (from) => JSON.stringify([from.dependencies, from.devDependencies]);
  if (asked(locked['']) !== asked(manifest)) return false;
  const wanted = Object.entries(locked).filter(([path]) => path !== '');
  return (
    wanted.every(([path, { version, optional }]) =>
      installed[path] ? installed[path].version === version : optional,
    ) && Object.keys(installed).every((path) => path in locked)
  );
}

async function install() {
  // A production environment would leave the build tools out.
  const { code, output } = await npm(['ci', '--include=dev', '--no-audit', '--no-fund']);
  if (code === 0) return;
  throw new SetupError(adviceOn(output), telling(output));
}

/** npm ends a refusal with its manual; the cause stands before that. */
function telling(output) {
  const lines = output.trim().split('\n');
  const causes = lines.filter((line) => /Missing: |Invalid: /.test(line));
  return (causes.length > 0 ? causes.slice(0, TAIL_LINES) : lines.slice(-TAIL_LINES)).join('\n');
}

function adviceOn(output) {
  if (output.includes('EUSAGE'))
    return 'package.json and package-lock.json disagree. Type: npm install, and start again.';
  if (/ENOSPC/.test(output)) return 'npm ci ran out of disk space: free 2 GB and start again.';
  if (/EACCES|EPERM/.test(output)) return `npm ci may not write here: make ${root} yours (chown -R) and start again.`;
  if (/ENOTFOUND|ETIMEDOUT|EAI_AGAIN|ECONNREFUSED|ECONNRESET/.test(output))
    return 'npm ci cannot reach the package registry: check the network and start again.';
  return 'npm ci failed. Type it alone to see more: npm ci';
}

async function npm(args) {
  // Not our own Node 24: `npm ci` deletes it while it runs.
  const path = (process.env.PATH ?? '').split(delimiter).filter((dir) => !dir.startsWith(inRoot('node_modules')));
  try {
    return await captureCommand('npm', args, { env: { ...process.env, PATH: path.join(delimiter) } });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    throw new SetupError('npm is missing. It comes with Node: https://nodejs.org');
  }
}
