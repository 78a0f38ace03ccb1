import { execFileSync } from 'node:child_process';
import { CHECKS } from './checks.mjs';
import { capture } from './commands.mjs';
import { root } from './paths.mjs';
import { SetupError } from './setup-error.mjs';

const LINTED = /\.(ts|mjs|cjs)$/;

/** Before a commit: format and lint of the files in it, and of no others. */
export async function main() {
  const files = staged();
  const linted = files.filter((file) => LINTED.test(file));
  await check('format', files, 'npm run format', '--ignore-unknown');
  await check('lint', linted, 'npm run lint -- --fix', '--no-warn-ignored');
}

/** Deleted ones have nothing to check; names may hold anything but NUL. */
function staged() {
  const list = execFileSync('git', ['diff', '--cached', '--name-only', '-z', '--diff-filter=ACMR'], {
    cwd: root,
    encoding: 'utf8',
  });
  return list.split('\0').filter(Boolean);
}

async function check(name, files, remedy, ...flags) {
  if (files.length === 0) return;
  const { code, output } = await capture([...CHECKS[name].program, ...flags, ...files]);
  if (code !== 0) throw new SetupError(`${name}: the commit is not made. Type: ${remedy}`, output);
}
