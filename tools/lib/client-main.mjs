import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ensureDependencies } from './dependencies.mjs';
import { inRoot } from './paths.mjs';
import { createSteps } from './steps.mjs';

const OWN = inRoot('tools', 'client');
const DOCUMENT = inRoot('docs', 'openapi', 'recrate.json');
/** What a body of bytes may be where it is sent. */
const BYTES = ['Blob', 'BufferSource', 'string'];

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
    writeFileSync(join(target, 'schema.d.ts'), await typesOf(JSON.parse(readFileSync(DOCUMENT, 'utf8'))));
    cpSync(join(OWN, 'package.json'), join(target, 'package.json'));
    for (const name of readdirSync(OWN).filter((file) => file.endsWith('.ts'))) await addSource(name, target);
  });
}

/** The document as types of TypeScript. */
async function typesOf(document) {
  const { default: openapiTS, astToString, COMMENT_HEADER } = await import('openapi-typescript');
  const { factory } = (await import('typescript')).default;
  const bytes = factory.createUnionTypeNode(BYTES.map((name) => factory.createTypeReferenceNode(name)));
  const transform = ({ format }) => (format === 'binary' ? bytes : undefined);
  return COMMENT_HEADER + astToString(await openapiTS(document, { transform }));
}

/** The source, and beside it what Node runs. */
async function addSource(name, target) {
  const { transformFile } = await import('@swc/core');
  const jsc = { target: 'es2022', parser: { syntax: 'typescript' } };
  const { code } = await transformFile(join(OWN, name), { swcrc: false, jsc, module: { type: 'es6' } });
  cpSync(join(OWN, name), join(target, name));
  writeFileSync(join(target, name.replace(/\.ts$/, '.js')), code);
}
