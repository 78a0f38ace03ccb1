import { createRequire } from 'node:module';
import { Session } from 'node:inspector/promises';

/**
 * Loaded into Jest's processes (`--import`). Jest turns V8's coverage on for each test file and off after it, and V8 then
 * compiles anew whatever the process holds: two thirds of what the unit tests cost. Here it is turned on once a process; taking
 * the counters of a file resets them.
 */
const require = createRequire(import.meta.resolve('jest'));
const { CoverageInstrumenter } = createRequire(require.resolve('jest-runtime'))('collect-v8-coverage');

let session;

CoverageInstrumenter.prototype.startInstrumenting = async function startInstrumenting() {
  if (session) return;
  session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
};

CoverageInstrumenter.prototype.stopInstrumenting = async function stopInstrumenting() {
  const { result } = await session.post('Profiler.takePreciseCoverage');
  return result.filter(({ functions }) => functions.some(({ ranges }) => ranges.some(({ count }) => count > 0)));
};
