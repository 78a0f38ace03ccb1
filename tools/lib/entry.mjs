const OLDEST_NODE = 20;

/**
 * Starts a tool. Kept so plain that an old Node reads it and says what it lacks instead of tripping over newer syntax.
 * @param {() => Promise<{ main: (args: string[]) => Promise<void> }>} load
 */
export function enter(load) {
  if (parseInt(process.versions.node, 10) < OLDEST_NODE) {
    console.error(
      '  ✗ Node ' + OLDEST_NODE + ' or newer is needed, this is ' + process.versions.node + '. See https://nodejs.org',
    );
    process.exitCode = 1;
    return;
  }
  Promise.all([load(), import('./setup-error.mjs')]).then(function ([tool, errors]) {
    return tool.main(process.argv.slice(2)).catch(errors.reportFailure);
  });
}
