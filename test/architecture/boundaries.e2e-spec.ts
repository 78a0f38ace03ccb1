import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROOT } from '../support/project.js';

const CRUISER = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');

function cruise(folder: string): { status: number | null; output: string } {
  const run = spawnSync(process.execPath, [CRUISER, 'apps', 'libs', '--config', '.dependency-cruiser.cjs'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  return { status: run.status, output: run.stdout + run.stderr };
}

describe('import boundaries', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'recrate-boundaries-'));
    for (const file of ['.dependency-cruiser.cjs', 'package.json', 'tsconfig.json'])
      cpSync(join(ROOT, file), join(folder, file));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const plant = (files: Record<string, string>): void => {
    for (const part of ['apps', 'libs']) rmSync(join(folder, part), { recursive: true, force: true });
    mkdirSync(join(folder, 'apps'));
    mkdirSync(join(folder, 'libs'));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  };

  it('holds for the whole tree', () => {
    expect(() =>
      execFileSync(process.execPath, [CRUISER, 'apps', 'libs', '--config', '.dependency-cruiser.cjs'], { cwd: ROOT }),
    ).not.toThrow();
  });

  it.each([
    [
      'a cycle between two contexts through their aliases',
      'no-cycles',
      {
        'libs/catalog/src/index.ts': `import { b } from '#libs/market';\nexport const a = (): unknown => b;\n`,
        'libs/market/src/index.ts': `import { a } from '#libs/catalog';\nexport const b = (): unknown => a;\n`,
      },
    ],
    [
      'a context that imports one it may not',
      'edges-of-payments',
      {
        'libs/payments/src/index.ts': `import { a } from '#libs/catalog';\nexport const b = a;\n`,
        'libs/catalog/src/index.ts': `export const a = 1;\n`,
      },
    ],
    [
      'a framework inside a domain',
      'pure-domain',
      {
        'libs/orders/src/domain/order.ts': `import { Injectable } from '@nestjs/common';\nexport const x = Injectable;\n`,
      },
    ],
    [
      'the platform knowing a context',
      'platform-knows-no-context',
      {
        'libs/platform/http/src/index.ts': `import { a } from '#libs/catalog';\nexport const b = a;\n`,
        'libs/catalog/src/index.ts': `export const a = 1;\n`,
      },
    ],
    [
      'a reach past an index',
      'public-surface',
      {
        'libs/market/src/index.ts': `import { a } from '../../catalog/src/inner.js';\nexport const b = a;\n`,
        'libs/catalog/src/inner.ts': `export const a = 1;\n`,
      },
    ],
    [
      'a framework in the kernel',
      'kernel-without-frameworks',
      {
        'libs/platform/kernel/src/index.ts': `import { Injectable } from '@nestjs/common';\nexport const x = Injectable;\n`,
      },
    ],
    [
      'a lower platform lib importing a higher one',
      'platform-layer-of-kernel',
      {
        'libs/platform/kernel/src/index.ts': `import { a } from '#platform/http';\nexport const b = a;\n`,
        'libs/platform/http/src/index.ts': `export const a = 1;\n`,
      },
    ],
  ])('catches %s', (_name, rule, files) => {
    plant(files);
    const { status, output } = cruise(folder);
    expect(output).toContain(rule);
    expect(status).not.toBe(0);
  });
});
