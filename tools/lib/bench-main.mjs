import { existsSync, readdirSync } from 'node:fs';
import { ensureBuild } from './build.mjs';
import { show, stopOnSignals } from './commands.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { inRoot } from './paths.mjs';
import { SetupError } from './setup-error.mjs';
import { startTestServers, sweepDeadRuns } from './test-servers.mjs';

const BENCHES = ['test', 'bench'];

/** `npm run bench -- NAME`: runs test/bench/NAME/main.mjs against the built product, on servers of its own. */
export async function main([name, ...args]) {
  const script = inRoot(...BENCHES, name ?? '', 'main.mjs');
  if (!name || !existsSync(script))
    throw new SetupError(`Type: npm run bench -- NAME, where NAME is one of ${names().join(', ') || '(none yet)'}`);
  stopOnSignals();
  await ensureDependencies({ onlyIfNone: true });
  await ensureBuild();
  await sweepDeadRuns();
  const servers = await startTestServers({ inMemory: false });
  try {
    process.exitCode = await show([script, ...args], servers.env);
  } finally {
    await servers.stop();
  }
}

function names() {
  const folder = inRoot(...BENCHES);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((entry) => existsSync(inRoot(...BENCHES, entry, 'main.mjs')));
}
