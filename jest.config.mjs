const swc = {
  swcrc: false,
  module: { type: 'es6' },
  sourceMaps: 'inline',
  jsc: {
    target: 'es2024',
    keepClassNames: true,
    parser: { syntax: 'typescript', decorators: true, dynamicImport: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
  },
};

/** ADR 36. While watching, a process outlives the code it has loaded: there each file gets modules of its own. */
const realm = process.argv.some((arg) => arg.startsWith('--watch'))
  ? { testEnvironment: 'node' }
  : {
      testEnvironment: '<rootDir>/test/support/one-realm/environment.mjs',
      runtime: '<rootDir>/test/support/one-realm/runtime.mjs',
    };

const base = {
  ...realm,
  extensionsToTreatAsEsm: ['.ts'],
  // For files with modules of their own: `import` in this list breaks pg under Jest; `source` leads #platform/* to the sources.
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.data/'],
};

const withServers = { globalSetup: '<rootDir>/test/support/global-setup.mjs' };
const slow = { testTimeout: 60_000 };

export default {
  // Far more than a process needs; a fresh one is cheaper than a swapping one.
  workerIdleMemoryLimit: '1400MB',
  // One more than the smallest machine has cores: many tests wait for something to come back. A fourth costs more than it gains.
  maxWorkers: 3,
  ...slow,
  coverageProvider: 'v8',
  coverageDirectory: 'coverage',
  coverageReporters: ['text-summary', 'lcovonly'],
  collectCoverageFrom: [
    'libs/**/src/**/*.ts',
    'apps/**/src/**/*.ts',
    '!**/*.spec.ts',
    '!**/index.ts',
    '!**/metadata.ts',
  ],
  coverageThreshold: { global: { lines: 80 } },
  projects: [
    {
      ...base,
      displayName: 'unit',
      testMatch: ['<rootDir>/{libs,apps}/**/*.spec.ts'],
      testPathIgnorePatterns: ['\\.int\\.spec\\.ts$'],
    },
    { ...base, ...withServers, displayName: 'int', testMatch: ['<rootDir>/{libs,apps}/**/*.int.spec.ts'] },
    {
      ...base,
      ...withServers,
      displayName: 'e2e',
      testMatch: ['<rootDir>/test/{e2e,contract,architecture,faults,realdata}/**/*.e2e-spec.ts'],
    },
    { ...base, ...withServers, displayName: 'drill', testMatch: ['<rootDir>/test/**/*.drill-spec.ts'] },
  ],
};
