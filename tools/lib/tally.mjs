/** `npm test` after its set-up, on two idle cores. */
const GOAL_MS = 300_000;
/** A machine with more waiting than this says nothing about the goal. */
const BUSY_LOAD = 1.5;

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Tally
 */

/**
 * @param {(Tally | { jest: unknown, code: number })[]} results of checks, and of Jest as it reports itself
 * @returns {Tally}
 */
export function addUp(results) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const result of results) {
    const tally = 'code' in result ? ofJest(result) : result;
    for (const kind of Object.keys(sum)) sum[kind] += tally[kind];
  }
  return sum;
}

/** Coverage below the floor, and a crash, fail the run without failing a test: they count as one. */
function ofJest({ jest, code }) {
  const passed = jest?.numPassedTests ?? 0;
  const skipped = (jest?.numPendingTests ?? 0) + (jest?.numTodoTests ?? 0);
  const failed = (jest?.numFailedTests ?? 0) + (jest?.numRuntimeErrorTestSuites ?? 0);
  return { passed, skipped, failed: code !== 0 && failed === 0 ? 1 : failed };
}

/** @param {Tally} sum */
export const lastLine = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;

/**
 * @param {number} tookMs
 * @param {number} load one-minute load average when the run began
 */
export function verdict(tookMs, load) {
  const goal = `goal ${GOAL_MS / 1_000} s`;
  if (load > BUSY_LOAD) return `not-judged (${goal}; the load was ${load.toFixed(1)} at the start)`;
  return `${tookMs <= GOAL_MS ? 'met' : 'missed'} (${goal})`;
}
