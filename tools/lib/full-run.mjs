import { loadavg } from 'node:os';
import { rmSync } from 'node:fs';
import { ensureBuild } from './build.mjs';
import { CHECKS } from './checks.mjs';
import { capture, show, stopOnSignals } from './commands.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { readJson } from './files.mjs';
import { jest } from './jest.mjs';
import { inData } from './paths.mjs';
import { checkMachine } from './preflight.mjs';
import { indent } from './setup-error.mjs';
import { createSteps, seconds } from './steps.mjs';
import { addUp, lastLine, verdict } from './tally.mjs';
import { startTestServers, sweepDeadRuns } from './test-servers.mjs';

/** Checks run beside each other, as many as the smallest machine has cores. */
const AT_ONCE = 2;

/** `npm test`: every check and every test but the long drills, on servers of its own; ends with the sum. */
export async function runEverything() {
  stopOnSignals();
  const load = loadavg()[0];
  const servers = await setUp();
  const startedAt = performance.now();
  const results = [];
  try {
    const checks = Object.values(CHECKS).map((check) => () => runCheck(check));
    results.push(...(await inParallel(checks, AT_ONCE)));
    results.push(await runBuild());
    for (const tests of TESTS) results.push(await runTests(servers.env, tests));
  } finally {
    await servers.stop();
  }
  const sum = addUp(results);
  const tookMs = performance.now() - startedAt;
  console.log(`\n  after set-up ${seconds(tookMs)}: ${verdict(tookMs, load)}`);
  console.log(lastLine(sum));
  process.exitCode = sum.failed > 0 ? 1 : 0;
}

async function setUp() {
  const steps = createSteps();
  await steps.run('check', checkMachine);
  await steps.run('dependencies', async (title) => {
    const installed = await ensureDependencies({ announce: () => console.log('  … npm ci, about a minute') });
    title(`dependencies ${installed ? 'installed' : 'as locked'}`);
  });
  await sweepDeadRuns();
  return steps.run('servers', async (title) => {
    const servers = await startTestServers({ inMemory: true });
    title(servers.title);
    return servers;
  });
}

async function runCheck({ title, program, everything }) {
  const from = performance.now();
  const { code, output } = await capture([...program, ...everything]);
  return report(title, code === 0, performance.now() - from, output);
}

async function runBuild() {
  const from = performance.now();
  const trouble = await ensureBuild().then(
    () => '',
    (error) => `${error.message}\n${error.detail ?? error.stack}`,
  );
  return report('build', trouble === '', performance.now() - from, trouble);
}

function report(title, passed, ms, output) {
  console.log(`  ${passed ? '✓' : '✗'} ${title.padEnd(60)} ${seconds(ms)}`);
  if (!passed) console.log(indent(output));
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 };
}

/**
 * The drills are a project of their own and run long; a sample of each is among the end-to-end tests. Coverage is counted
 * over the unit and integration tests alone: the floor is the higher for it, and counting costs whatever is counted half of
 * its time again.
 */
const TESTS = [
  { title: 'unit and integration tests', projects: ['unit', 'int'], args: ['--coverage'] },
  { title: 'end-to-end tests', projects: ['e2e'], args: [] },
];

async function runTests(env, { title, projects, args }) {
  const from = performance.now();
  const file = inData('test', `result-${process.pid}.json`);
  const program = jest(...args, '--json', `--outputFile=${file}`, '--selectProjects', ...projects);
  const code = await show(program, { ...env, NODE_ENV: 'test' });
  const result = readJson(file);
  rmSync(file, { force: true });
  console.log(`  ${code === 0 ? '✓' : '✗'} ${title.padEnd(60)} ${seconds(performance.now() - from)}`);
  return { jest: result, code };
}

async function inParallel(tasks, atOnce) {
  const results = [];
  const waiting = [...tasks];
  const lane = async () => {
    for (let task = waiting.shift(); task; task = waiting.shift()) results.push(await task());
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return results;
}
