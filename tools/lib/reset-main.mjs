import { existsSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { fallbackHomes } from './database-home.mjs';
import { tryLock } from './lock.mjs';
import { dataDir, inData } from './paths.mjs';
import { recordedUrl, stopLeftParts } from './run-record.mjs';
import { SetupError } from './setup-error.mjs';

/** `npm run reset`: wipes everything this clone has stored, after asking. `--yes` answers for scripts. */
export async function main(args) {
  const targets = [dataDir, ...fallbackHomes()].filter((path) => existsSync(path));
  if (targets.length === 0) return console.log('  nothing to wipe');
  const lock = tryLock(inData('run.lock'));
  if (!lock.release) {
    const url = recordedUrl(inData('run.json')) ?? 'it is just starting';
    throw new SetupError(
      `Recrate runs in this clone: ${url} (process ${lock.owner.pid}). Stop it there with Ctrl-C first.`,
    );
  }
  try {
    if (!(await agreed(args, targets))) return console.log('  nothing was touched');
    await stopLeftParts(inData('run.json'));
    for (const path of targets) rmSync(path, { recursive: true, force: true });
    console.log('  wiped; npm start makes everything anew');
  } finally {
    lock.release();
  }
}

async function agreed(args, targets) {
  if (args.includes('--yes')) return true;
  if (!process.stdin.isTTY) throw new SetupError('There is nobody to ask. Type: npm run reset -- --yes');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`  Wipe all data, keys and logs in ${targets.join(' and ')}? [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}
