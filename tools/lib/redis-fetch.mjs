import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withLock } from './lock.mjs';
import { inData } from './paths.mjs';
import { fetchedDir, findRedis } from './redis.mjs';

const run = promisify(execFile);
const PACKAGES = ['redis-server', 'valkey-server'];
/** What Debian 12's package needs beyond a bare system, for when apt cannot work it out. */
const USUAL_PARTS = ['redis-tools', 'libjemalloc2', 'liblzf1', 'libatomic1'];
const TIMEOUT_MS = 180_000;

/**
 * Downloads Redis with apt and unpacks it below `.data`: needs no root and installs nothing on the machine.
 * @returns {Promise<import('./redis.mjs').RedisProgram>}
 * @throws Error that says why it could not be had
 */
export function fetchRedis() {
  return withLock(inData('redis.lock'), async () => {
    const found = findRedis();
    if (found) return found;
    const work = inData('redis.new');
    rmSync(work, { recursive: true, force: true });
    try {
      return await download(work);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
}

async function download(work) {
  await run('apt-get', ['--version']).catch(() => {
    throw new Error('not on PATH, and no apt here to fetch it with');
  });
  const lists = join(work, 'apt');
  // First with the lists the machine has, then with fresh ones of our own: they may be missing, or older than the archive.
  for (const options of [[], privateLists(lists)]) {
    if (options.length > 0) await apt(work, [...options, 'update']).catch(() => undefined);
    for (const name of PACKAGES) {
      const unpacked = await unpack(work, name, options).catch(() => undefined);
      if (unpacked) return unpacked;
    }
  }
  throw new Error('not on PATH, and apt has none that runs here or cannot reach its servers');
}

/** Options that make apt keep its state in a folder of ours, where no root is needed. */
function privateLists(lists) {
  for (const part of ['state/lists/partial', 'cache/archives/partial'])
    mkdirSync(join(lists, part), { recursive: true });
  return [
    '-o',
    `Dir::State=${lists}/state`,
    '-o',
    'Dir::State::status=/var/lib/dpkg/status',
    '-o',
    `Dir::Cache=${lists}/cache`,
  ];
}

async function unpack(work, name, options) {
  const debs = join(work, 'debs');
  const tree = join(work, 'tree');
  for (const dir of [debs, tree]) {
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { recursive: true });
  }
  await apt(debs, [...options, 'download', ...(await partsOf(debs, name, options))]);
  for (const deb of readdirSync(debs)) await run('dpkg', ['-x', join(debs, deb), tree], { timeout: TIMEOUT_MS });
  rmSync(fetchedDir, { recursive: true, force: true });
  renameSync(tree, fetchedDir);
  const program = findRedis();
  if (!program) throw new Error(`${name} holds no server`);
  await run(program.path, ['--version'], { env: program.env, timeout: TIMEOUT_MS });
  return program;
}

/** The package and what it needs that this machine lacks. */
async function partsOf(cwd, name, options) {
  try {
    const { stdout } = await apt(cwd, [...options, '-s', '--no-install-recommends', 'install', name]);
    const parts = [...stdout.matchAll(/^Inst (\S+)/gm)].map((match) => match[1]);
    if (parts.includes(name)) return parts;
  } catch {
    // A machine with half-installed packages cannot be simulated; the usual list still downloads.
  }
  return [name, ...USUAL_PARTS];
}

/** No sandbox user: as root, apt would otherwise hand the download to one that cannot write here. */
const apt = (cwd, args) =>
  run('apt-get', ['-q', '-o', 'APT::Sandbox::User=', '-o', 'Acquire::Retries=2', ...args], {
    cwd,
    timeout: TIMEOUT_MS,
    env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
  });
