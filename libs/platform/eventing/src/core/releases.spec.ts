import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { counter, counterEvents, type CounterEvent } from '../../testing/counter.js';
import { readReleases } from '../../testing/release-files.js';
import { type EventRelease, jsonSchemaOf, releaseFaults } from './releases.js';

const registry = counterEvents();
const foldOne = (event: { type: string; data: object }): unknown =>
  counter.evolve(counter.initial, event as CounterEvent);

/** What a build of today would commit. */
function committed(): EventRelease[] {
  const schemas = new Map(registry.all().map((definition) => [definition.type, jsonSchemaOf(definition)]));
  return [
    { type: 'test.counted', version: 1, schema: schemas.get('test.counted') ?? {}, samples: [{ by: 3 }] },
    { type: 'test.emptied', version: 1, schema: { type: 'object' }, samples: [{}] },
    { type: 'test.emptied', version: 2, schema: schemas.get('test.emptied') ?? {}, samples: [{ reason: 'full' }] },
  ];
}
const changed = (index: number, part: Partial<EventRelease>): EventRelease[] =>
  committed().map((release, at) => (at === index ? { ...release, ...part } : release));

describe('the check of released events', () => {
  it('finds nothing where definitions and releases agree', () => {
    expect(releaseFaults(registry, committed(), foldOne)).toEqual([]);
  });

  it('finds a schema that changed without a new version', () => {
    const schema = { ...committed()[0]?.schema, required: [] };
    expect(releaseFaults(registry, changed(0, { schema }))).toEqual([
      'test.counted v1 changed its schema without a new version',
    ]);
  });

  it('finds a version that was never released, and one without a sample', () => {
    expect(releaseFaults(registry, committed().slice(0, 2))).toEqual([
      'test.emptied v2 has no committed release with a sample',
    ]);
    expect(releaseFaults(registry, changed(1, { samples: [] }))).toEqual([
      'test.emptied v1 has no committed release with a sample',
    ]);
  });

  it('finds a release that nobody defines any more', () => {
    const stray = { type: 'test.gone', version: 1, schema: {}, samples: [{}] };
    expect(releaseFaults(registry, [...committed(), stray])).toEqual([
      'test.gone v1 was released and is not defined any more',
    ]);
    expect(releaseFaults(registry, [...committed(), { ...stray, type: 'test.counted', version: 2 }])).toEqual([
      'test.counted v2 was released and is not defined any more',
    ]);
  });

  it('finds a sample that does not read, or does not fold', () => {
    const [unread] = releaseFaults(registry, changed(2, { samples: [{ reason: 7 }] }));
    expect(unread).toMatch(/^test\.emptied v2, sample 1: .*does not match its schema/s);
    const faults = releaseFaults(registry, committed(), (event) => {
      if (event.type === 'test.counted') throw new Error('cannot count');
    });
    expect(faults).toEqual(['test.counted v1, sample 1: cannot count']);
  });

  describe('its files', () => {
    let folder: string;
    beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'recrate-releases-'))));
    afterAll(() => rmSync(folder, { recursive: true }));

    it('are one per type and version, named after them', () => {
      for (const release of committed()) {
        writeFileSync(join(folder, `${release.type}.${release.version}.json`), JSON.stringify(release));
      }
      expect(releaseFaults(registry, readReleases(folder), foldOne)).toEqual([]);
      writeFileSync(join(folder, 'test.counted.2.json'), JSON.stringify(committed()[0]));
      expect(() => readReleases(folder)).toThrow('test.counted.2.json holds what belongs into test.counted.1.json');
    });
  });
});
