import { ensureDependencies } from './dependencies.mjs';
import { ensureBuild } from './build.mjs';
import { show, stopOnSignals } from './commands.mjs';
import { jest } from './jest.mjs';
import { startTestServers, sweepDeadRuns } from './test-servers.mjs';

/**
 * Runs some of the Jest projects on servers of their own.
 * @param {string[]} projects
 * @param {string[]} args handed on to Jest
 */
export async function runProjects(projects, args) {
  stopOnSignals();
  await ensureDependencies({ onlyIfNone: true });
  await ensureBuild();
  await sweepDeadRuns();
  const servers = await startTestServers({ inMemory: !projects.includes('drill') });
  try {
    const env = { ...servers.env, NODE_ENV: 'test' };
    process.exitCode = await show(jest(...args, '--selectProjects', ...projects), env);
  } finally {
    await servers.stop();
  }
}
