import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { DomainEvent } from '../src/core/decider.js';
import { type EventRegistry, eventTypes } from '../src/core/event-registry.js';
import { jsonSchemaOf, releaseFaults } from '../src/core/releases.js';
import { readReleases } from './release-files.js';

/**
 * The check of a context's stored events, in two lines of a spec: `describeReleases('inventory', releases, (event) => ...)`. A
 * version that has no file yet gets one, with the definition's example as its sample, and fails once: commit it. From then on its
 * schema is frozen, and what was ever written must read and fold.
 * @param folder of the committed releases
 * @param foldOne folds one event where its kind can be folded
 */
export function describeReleases(context: string, folder: string, foldOne?: (event: DomainEvent) => unknown): void {
  describe(`the events of ${context} that were ever written`, () => {
    it('are read and folded by this build, and no schema changed without a new version', () => {
      expect(checkReleases(eventTypes.ofContext(context), folder, foldOne)).toEqual([]);
    });
  });
}

/** What `describeReleases` finds, in words; writes the files that lack. */
export function checkReleases(
  registry: EventRegistry,
  folder: string,
  foldOne?: (event: DomainEvent) => unknown,
): string[] {
  mkdirSync(folder, { recursive: true });
  const written = registry.all().flatMap((definition) => {
    const { type, version, example } = definition;
    const path = join(folder, `${type}.${version}.json`);
    if (existsSync(path)) return [];
    const release = { type, version, schema: jsonSchemaOf(definition), samples: example ? [example] : [] };
    writeFileSync(path, `${JSON.stringify(release, null, 2)}\n`);
    return [`${type}.${version}.json was written${example ? '' : ', without a sample: add one'}. Commit it`];
  });
  return [...written, ...releaseFaults(registry, readReleases(folder), foldOne)];
}
