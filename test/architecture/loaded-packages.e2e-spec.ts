import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { ROOT } from '../support/project.js';

const run = promisify(execFile);

/** Imports a module and prints the packages that were loaded for it. */
const PRINT = `
  import { registerHooks } from 'node:module';
  const loaded = new Set();
  registerHooks({
    load(url, context, next) {
      const [, name] = /.*node_modules[/]((?:@[^/]+[/])?[^/]+)/.exec(url) ?? [];
      if (name !== undefined) loaded.add(name);
      return next(url, context);
    },
  });
  await import(process.argv[1]);
  process.stdout.write(JSON.stringify([...loaded]), () => process.exit());`;

/** What a built app loads before it starts. */
async function packagesOf(path: string): Promise<string[]> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', PRINT, join(ROOT, 'dist', path)]);
  return JSON.parse(stdout) as string[];
}

/** Megabytes of code each: the API document's decorators, and rules of class-validator, among them for telephone numbers. */
const ONLY_FOR_DOCUMENTS = ['@nestjs/swagger', 'libphonenumber-js'];

describe('what an app loads', () => {
  it('in the worker: no server, no API document, no rules that nothing uses', async () => {
    const loaded = await packagesOf('apps/worker/src/worker.module.js');
    expect(loaded).toContain('@nestjs/core');
    const needless = ['fastify', '@fastify/compress', ...ONLY_FOR_DOCUMENTS];
    expect(loaded.filter((name) => needless.includes(name))).toEqual([]);
  });

  it('in the api: no API document, which is a file, and no rules that nothing uses', async () => {
    const loaded = await packagesOf('apps/api/src/api.module.js');
    expect(loaded).toContain('@nestjs/core');
    expect(loaded.filter((name) => ONLY_FOR_DOCUMENTS.includes(name))).toEqual([]);
  });
});
