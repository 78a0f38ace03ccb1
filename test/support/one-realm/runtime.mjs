import { existsSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const require = createRequire(import.meta.resolve('jest'));
const { default: Runtime } = require('jest-runtime');
/** Where Jest's test framework keeps its listeners. */
const LISTENERS = Symbol.for('EVENT_HANDLERS');
const GLOBALS = 'test-globals:';
const NAMES = ['afterAll', 'afterEach', 'beforeAll', 'beforeEach', 'describe', 'expect', 'it', 'jest', 'test'];
const AS_MODULES = {
  supportsDynamicImport: true,
  supportsExportNamespaceFrom: true,
  supportsStaticESM: true,
  supportsTopLevelAwait: true,
};

/** The runtime of the test file under way, of which a process has one at a time, and what Jest gives to its tests. */
let current;
let given;
/** What was made of every source that was loaded, for the coverage, and the maps back, for the traces of errors. */
const entries = new Map();
const sourceMaps = new Map();

const isNative = ({ _environment }) => _environment.global === globalThis;

/**
 * Loads test files, and all they import, as Node does: once a process, into its one realm. Jest's runtime loads everything anew for
 * each file (ADR 36). A file that must have modules of its own says `@jest-environment node` in its first comment.
 */
export default class NativeRuntime extends Runtime {
  constructor(...args) {
    super(...args);
    if (isNative(this)) current = this;
  }

  installGetBuiltinModule() {
    // In the one realm the process's own answer is the right one.
    if (!isNative(this)) super.installGetBuiltinModule();
  }

  /** Jest's test framework keeps its state in its module: each test file has a new one. */
  requireInternalModule(from, to) {
    if (!isNative(this)) return super.requireInternalModule(from, to);
    delete globalThis[LISTENERS];
    delete require.cache[from];
    return require(from);
  }

  async unstable_importModule(path, name) {
    return isNative(this) ? import(pathToFileURL(path).href) : super.unstable_importModule(path, name);
  }

  setGlobalsForRuntime(globals) {
    super.setGlobalsForRuntime(globals);
    if (isNative(this)) given = { ...globals, jest: this.jestGlobals.jestObjectFor(this._testPath) };
  }

  async stopCollectingV8Coverage() {
    await super.stopCollectingV8Coverage();
    if (isNative(this)) for (const [path, entry] of entries) this.v8Coverage.sources.set(path, entry);
  }

  getSourceMaps() {
    return isNative(this) ? sourceMaps : super.getSourceMaps();
  }

  compiled(path) {
    const code = this.transformCache.transform(path, AS_MODULES);
    entries.set(path, this.transformCache.getEntries().get(path));
    const map = this.transformCache.getSourceMaps().get(path);
    if (map) sourceMaps.set(pathToFileURL(path).href, map);
    return code;
  }
}

/** A module that is loaded once for many test files hands on what each of them was given. */
const HAND_ON = `
import { givenTo } from '${import.meta.url}';
const handOn = (name) => new Proxy(function () {}, {
  get: (_, member) => givenTo(name)[member],
  apply: (_, self, args) => givenTo(name)(...args),
});
${NAMES.map((name) => `export const ${name} = handOn('${name}');`).join('\n')}`;

/** What Jest gives to the test file under way. @param {string} name of the global */
export const givenTo = (name) => given[name];

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === '@jest/globals') return { url: GLOBALS, shortCircuit: true };
    if (!context.parentURL?.endsWith('.ts')) return next(specifier, context);
    if (specifier.startsWith('#'))
      return next(specifier, { ...context, conditions: ['source', ...context.conditions] });
    const source = /^\..*\.js$/.test(specifier) && new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    return source && existsSync(source) ? { url: source.href, shortCircuit: true } : next(specifier, context);
  },
  load(url, context, next) {
    if (url === GLOBALS) return { format: 'module', source: HAND_ON, shortCircuit: true };
    if (!url.endsWith('.ts') || url.includes('/node_modules/')) return next(url, context);
    return { format: 'module', source: current.compiled(fileURLToPath(url)), shortCircuit: true };
  },
});
