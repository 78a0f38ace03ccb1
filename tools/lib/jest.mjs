const JEST = [
  '--disable-warning=ExperimentalWarning',
  '--experimental-vm-modules',
  // With more room for what is young less of it is copied: a twentieth of a run.
  '--max-semi-space-size=32',
  '--import=./tools/lib/coverage-kept-on.mjs',
  'node_modules/jest/bin/jest.js',
];

/** @param {string[]} args of Jest */
export const jest = (...args) => [...JEST, ...args];
