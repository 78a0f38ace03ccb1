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

const base = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  // `import` in this list breaks pg under Jest; `source` lets #platform/* and #libs/* resolve to the sources.
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.data/'],
};

const withServers = { globalSetup: '<rootDir>/test/support/global-setup.mjs' };
const slow = { testTimeout: 60_000 };

export default {
  // A worker that has loaded thirty framework files holds more than a gigabyte; a fresh one is cheaper than a swapping one.
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
