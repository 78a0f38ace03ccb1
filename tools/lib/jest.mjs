const JEST = [
  '--disable-warning=ExperimentalWarning',
  '--experimental-vm-modules',
  // With more room for what is young less of it is copied: a twentieth of a run.
  '--min-semi-space-size=32',
  '--max-semi-space-size=32',
  // Marking what is in use gives little back before a process is replaced (workerIdleMemoryLimit): a tenth of a run.
  '--initial-old-space-size=512',
  // Every file calls the same code again.
  '--no-flush-bytecode',
  '--import=./tools/lib/coverage-kept-on.mjs',
  'node_modules/jest/bin/jest.js',
];

/** @param {string[]} args of Jest */
export const jest = (...args) => [...JEST, ...args];
