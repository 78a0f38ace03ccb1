import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { EventRelease } from '../src/core/releases.js';

const RELEASE = z.strictObject({
  type: z.string(),
  version: z.int().min(1),
  schema: z.looseObject({}),
  samples: z.array(z.looseObject({})),
});

/**
 * The committed releases of a context's events: one JSON file per type and version, `<type>.<version>.json`.
 * @throws Error for a file that is none, or has another name than its content
 */
export function readReleases(folder: string): EventRelease[] {
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const release = RELEASE.parse(JSON.parse(readFileSync(join(folder, name), 'utf8')));
      const expected = `${release.type}.${release.version}.json`;
      if (name !== expected) throw new Error(`${name} holds what belongs into ${expected}`);
      return release;
    });
}
