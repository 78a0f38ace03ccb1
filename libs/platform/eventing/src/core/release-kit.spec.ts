import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { checkReleases } from '../../testing/releases.js';
import { EventRegistry, type EventSpec } from './event-registry.js';

interface Sold {
  readonly type: 'kit.sold';
  readonly data: { readonly sku: string };
}
const V1: EventSpec<Sold['data']> = {
  version: 1,
  schema: z.strictObject({ sku: z.string() }),
  example: { sku: 'LP-1' },
};

function defined(spec: EventSpec<Sold['data']>): EventRegistry {
  const registry = new EventRegistry();
  registry.define<Sold | { type: 'other.done'; data: object }>({
    'kit.sold': spec,
    'other.done': { version: 1, schema: z.strictObject({}) },
  });
  return registry.ofContext('kit');
}

describe('the check of a context’s releases', () => {
  let folder: string;
  beforeEach(() => void (folder = join(mkdtempSync(join(tmpdir(), 'recrate-kit-')), 'releases')));
  afterEach(() => rmSync(join(folder, '..'), { recursive: true }));
  const check = (spec: EventSpec<Sold['data']>) => checkReleases(defined(spec), folder);

  it('writes what lacks, fails once, and is content when it is committed', () => {
    expect(check(V1)).toEqual(['kit.sold.1.json was written. Commit it']);
    expect(readdirSync(folder)).toEqual(['kit.sold.1.json']);
    expect(check(V1)).toEqual([]);
  });

  it('fails for a schema that changed without a new version', () => {
    check(V1);
    const changed = { ...V1, schema: z.strictObject({ sku: z.string(), price: z.int().optional() }) };
    expect(check(changed)).toEqual(['kit.sold v1 changed its schema without a new version']);
  });

  it('takes a new version whose upcaster reads the old samples, and no other', () => {
    check(V1);
    const schema = z.strictObject({ sku: z.string().startsWith('SKU-') });
    const next = (sku: string): EventSpec<Sold['data']> => {
      return { version: 2, schema, example: { sku: 'SKU-1' }, upcast: { 1: () => ({ sku }) } };
    };
    expect(check(next('SKU-2'))).toEqual(['kit.sold.2.json was written. Commit it']);
    expect(check(next('SKU-2'))).toEqual([]);
    expect(check(next('LP-2'))).toEqual([
      expect.stringMatching(/^kit\.sold v1, sample 1: .*does not match its schema/s),
    ]);
  });

  it('asks for a sample where there is no example', () => {
    const { example: _, ...silent } = V1;
    expect(check(silent)).toEqual([
      'kit.sold.1.json was written, without a sample: add one. Commit it',
      'kit.sold v1 has no committed release with a sample',
    ]);
  });
});
