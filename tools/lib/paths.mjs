import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The clone these tools stand in. Derived from this file, so that a copy of the tree works on itself alone. */
export const root = realpathSync(fileURLToPath(new URL('../..', import.meta.url)));

/** Everything a clone keeps between starts; `npm run reset` wipes it. */
export const dataDir = join(root, '.data');

/** @param {...string} parts below the clone */
export const inRoot = (...parts) => join(root, ...parts);

/** @param {...string} parts below `.data` */
export const inData = (...parts) => join(dataDir, ...parts);
