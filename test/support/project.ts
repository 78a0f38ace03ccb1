import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

/** The project's folder, with no slash at its end. */
export const ROOT = resolve(import.meta.dirname, '../..');

/** What processes of the tests have compiled, for those that start after them. */
export const CODE_CACHE = join(ROOT, '.data/test/code');

/** Data that is not part of the project: real files that a clone need not have. */
export const SHARED_DATA = resolve(ROOT, '../shared/data');

/** Paths below a folder of the project, relative to the project, that end in one of the given endings. */
export function filesBelow(folder: string, ...endings: string[]): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((path) => !path.includes('node_modules'))
    .sort();
}

/** Text of a file of the project. */
export function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
