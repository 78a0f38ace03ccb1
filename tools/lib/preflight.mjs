import { accessSync, constants, mkdirSync, readdirSync, statfsSync } from 'node:fs';
import { dataDir, inData, root } from './paths.mjs';
import { SetupError } from './setup-error.mjs';

const GIB = 1024 ** 3;
/** Dependencies, the database's binaries and an empty database come to 0.7 GiB. */
const NEEDED_BYTES = GIB;
/** Belongs to the user that PostgreSQL runs as. */
const OF_THE_DATABASE = /^pg\d+/;

/** What has to hold before anything is written. @throws SetupError with the one line that says what to do */
export function checkMachine() {
  if (process.platform === 'win32')
    throw new SetupError('Windows is not supported directly: clone and start inside WSL 2.');
  checkWritable();
  const { bavail, bsize } = statfsSync(root);
  const free = bavail * bsize;
  if (free < NEEDED_BYTES) {
    throw new SetupError(`Only ${(free / GIB).toFixed(2)} GiB are free on the disk of ${root}: free at least 1 GiB.`);
  }
}

function checkWritable() {
  try {
    accessSync(root, constants.R_OK | constants.W_OK | constants.X_OK);
    mkdirSync(inData('logs'), { recursive: true });
    const own = readdirSync(dataDir).filter((name) => !OF_THE_DATABASE.test(name));
    const logs = readdirSync(inData('logs')).map((name) => `logs/${name}`);
    for (const name of ['', ...own, ...logs]) accessSync(inData(name), constants.R_OK | constants.W_OK);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    const path = error.path ?? root;
    if (error.code === 'EROFS')
      throw new SetupError(`${path} is on a read-only disk: clone to one that can be written.`);
    const remedy = `start as its owner, or type: sudo chown -R $(id -un) ${root}`;
    throw new SetupError(`${path} is not yours to write (${error.code}): ${remedy}`);
  }
}
