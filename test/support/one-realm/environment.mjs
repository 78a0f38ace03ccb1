import { createRequire } from 'node:module';

const require = createRequire(import.meta.resolve('jest-environment-node'));
const { ModuleMocker } = require('jest-mock');
const { ModernFakeTimers } = require('@jest/fake-timers');

/** The process itself as the environment of a test file: nothing is copied, no context is made. */
export default class OneRealm {
  global = globalThis;
  #exit = process.exit;

  constructor({ projectConfig }) {
    this.moduleMocker = new ModuleMocker(globalThis);
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
  }

  async setup() {}

  async teardown() {
    this.fakeTimersModern.dispose();
    process.exit = this.#exit;
  }

  getVmContext() {
    return null;
  }
}
