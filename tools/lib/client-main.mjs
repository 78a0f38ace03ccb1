import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { capture } from './commands.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { inRoot } from './paths.mjs';
import { SetupError } from './setup-error.mjs';
import { createSteps } from './steps.mjs';

const OWN = inRoot('tools', 'client');
const GENERATOR = 'node_modules/openapi-typescript/bin/cli.js';
const DOCUMENT = 'docs/openapi/recrate.json';

/**
 * `npm run client -- [folder]`: writes the typed client, into dist/client unless told otherwise: types made of the committed
 * API document, and the few lines that call it, as source and as what Node runs.
 * @param {string[]} args
 */
export async function main([folder = inRoot('dist', 'client')]) {
  const target = resolve(folder);
  await ensureDependencies({ onlyIfNone: true });
  await createSteps().run(`client in ${target}`, async () => {
    mkdirSync(target, { recursive: true });
    const { code, output } = await capture([GENERATOR, DOCUMENT, '--output', join(target, 'schema.d.ts')]);
    if (code !== 0) throw new SetupError('The types of the client could not be made.', output.slice(-3_000));
    cpSync(join(OWN, 'package.json'), join(target, 'package.json'));
    for (const name of readdirSync(OWN).filter((file) => file.endsWith('.ts'))) await addSource(name, target);
  });
}

/** The source, and beside it what Node runs. */
async function addSource(name, target) {
  const { transformFile } = await import('@swc/core');
  const jsc = { target: 'es2022', parser: { syntax: 'typescript' } };
  const { code } = await transformFile(join(OWN, name), { swcrc: false, jsc, module: { type: 'es6' } });
  cpSync(join(OWN, name), join(target, name));
  writeFileSync(join(target, name.replace(/\.ts$/, '.js')), code);
}
