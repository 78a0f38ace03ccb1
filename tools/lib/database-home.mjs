import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  statfsSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { captureCommand } from './commands.mjs';
import { dataDir, root } from './paths.mjs';
import { SetupError } from './setup-error.mjs';

/**
 * @typedef {object} DatabaseUser
 * @property {number} uid
 * @property {number} gid
 * @property {string} name
 */

/**
 * PostgreSQL refuses to run as root, so root hands it to another account.
 * @param {string} cluster data directory; if it is there, whoever owns it goes on owning it
 * @returns {DatabaseUser | undefined} nothing when the caller is not root: the servers run as the caller
 */
export function databaseUser(cluster) {
  if (process.getuid() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name, , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
  const owner = existsSync(cluster) ? statSync(cluster).uid : 0;
  const user =
    accounts.find(({ uid }) => uid === owner && uid !== 0) ??
    accounts.find(({ name }) => name === 'postgres') ??
    accounts.find(({ name }) => name === 'nobody');
  if (!user)
    throw new SetupError(
      'PostgreSQL does not run as root and there is no user `postgres` or `nobody`: start as another user.',
    );
  return user;
}

/**
 * Where the database's files can live: `.data`, or a directory outside when its user cannot enter the clone (a clone
 * below root's home, a mount without owners).
 * @param {DatabaseUser | undefined} user
 * @param {string} clusterName directory of the cluster below the home, such as `pg18`
 * @returns {Promise<{ home: string, fellBack: boolean }>}
 */
export async function databaseHome(user, clusterName) {
  openDirectory(dataDir);
  if (await usable(dataDir, user)) return { home: dataDir, fellBack: false };
  if (existsSync(join(dataDir, clusterName, 'PG_VERSION'))) {
    throw new SetupError(
      `The user ${user?.name ?? 'you are'} cannot enter ${dataDir} any more. Open the way to it: chmod o+x ${root}`,
    );
  }
  for (const home of fallbackHomes()) {
    if (await isOurs(home, user)) return { home, fellBack: true };
  }
  throw new SetupError(
    `The user ${user?.name} can enter neither ${root} nor ${tmpdir()}. Move the clone, or: chmod o+x ${root}`,
  );
}

const MEMORY = '/dev/shm';
/** Several times what the clusters of a run of the tests take. */
const ROOM_BYTES = 4 * 2 ** 30;

/**
 * Where clusters of tests live, which nobody misses: in memory where there is plenty of it, else below `home`. Each of their two
 * hundred databases is six hundred files, and ext4 looks long for a free place where many files were just removed: half a second of
 * CPU a database.
 * @param {DatabaseUser | undefined} user
 * @param {string} home as `databaseHome` answered it
 * @returns {Promise<string>}
 */
export async function passingHome(user, home) {
  const inMemory = join(MEMORY, nameOfClone());
  const place = hasRoom(MEMORY) && (await isOurs(inMemory, user)) ? inMemory : join(home, 'test');
  return openDirectory(place);
}

function hasRoom(path) {
  if (!existsSync(path) || process.availableMemory() < 2 * ROOM_BYTES) return false;
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize >= ROOM_BYTES;
}

/** Anybody may make a directory of that name in a place open to all before us. */
async function isOurs(path, user) {
  openDirectory(path);
  return statSync(path).uid === process.getuid() && usable(path, user);
}

const nameOfClone = () => `recrate-${createHash('sha256').update(root).digest('hex').slice(0, 12)}`;

/** The places outside the clone that may hold its database, best first; `reset` looks in all of them. */
export function fallbackHomes() {
  const parents = process.getuid() === 0 && isWritable('/var/lib') ? ['/var/lib', tmpdir()] : [tmpdir()];
  return parents.map((parent) => join(parent, nameOfClone()));
}

/** Others may pass through it, whatever the umask says; what is secret in it has a mode of its own. */
export function openDirectory(path) {
  mkdirSync(path, { recursive: true });
  if (statSync(path).uid === process.getuid()) chmodSync(path, 0o755);
  return path;
}

/** The database user must be able to own a private directory there and to work in it. */
async function usable(home, user) {
  const probe = join(home, `.probe-${process.pid}`);
  try {
    mkdirSync(probe, { mode: 0o700 });
    chmodSync(probe, 0o700);
    if (user) chownSync(probe, user.uid, user.gid);
    const { mode, uid } = statSync(probe);
    if ((mode & 0o077) !== 0 || uid !== (user?.uid ?? process.getuid())) return false;
    const options = { ...identityOf(user), cwd: home, detached: true };
    return (await captureCommand('/bin/sh', ['-c', ': > "$0/file"', probe], options)).code === 0;
  } catch (error) {
    if (error instanceof SetupError) throw error;
    return false;
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}

/**
 * @param {DatabaseUser | undefined} user
 * @returns {{ uid?: number, gid?: number }} options for `spawn`
 */
export const identityOf = (user) => (user ? { uid: user.uid, gid: user.gid } : {});

function isWritable(path) {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
