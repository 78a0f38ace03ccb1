import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from './commands.mjs';
import { withLock } from './lock.mjs';
import { inData, inRoot } from './paths.mjs';
import { SetupError } from './setup-error.mjs';

const STAMP = inRoot('dist', '.recrate-stamp');
const SOURCES = ['apps', 'libs'];
const CONFIGS = ['nest-cli.json', 'tsconfig.json', '.swcrc', 'package-lock.json'];
/** One pass of SWC compiles both apps and all libs, whichever app is named. */
const BUILD = ['node_modules/@nestjs/cli/bin/nest.js', 'build', 'api'];

/**
 * Builds both apps unless `dist` was made from exactly these sources.
 * @returns {Promise<boolean>} whether it had to build
 */
export async function ensureBuild() {
  if (isBuilt(hashOfSources())) return false;
  return withLock(inData('build.lock'), async () => {
    const hash = hashOfSources();
    if (isBuilt(hash)) return false;
    const { code, output } = await capture(BUILD);
    if (code !== 0) throw new SetupError('The build failed. Type: npm run build', output.slice(-3_000));
    mkdirSync(inRoot('dist'), { recursive: true });
    writeFileSync(STAMP, hash);
    return true;
  });
}

const isBuilt = (hash) => existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hash;

function hashOfSources() {
  const hash = createHash('sha256');
  const add = (path) =>
    hash
      .update(`${path}\0`)
      .update(readFileSync(inRoot(path)))
      .update('\0');
  for (const path of CONFIGS.filter((name) => existsSync(inRoot(name)))) add(path);
  for (const folder of SOURCES) {
    const names = readdirSync(inRoot(folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/\.(int\.)?spec\.ts$/.test(entry.name))
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(inRoot().length + 1));
    names.sort().forEach(add);
  }
  return hash.digest('hex');
}
