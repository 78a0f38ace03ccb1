const JEST = ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules', 'node_modules/jest/bin/jest.js'];

/** @param {string[]} args of Jest */
export const jest = (...args) => [...JEST, ...args];
