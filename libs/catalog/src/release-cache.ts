import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type RedisKey, RedisConnection, tenantKey, type Unit } from '#platform/persistence';
import { counter, gauge } from '#platform/telemetry';
import type { ReleaseView } from './catalog.views.js';

/** Longest that an answer is kept: what Redis can serve too long at most, should it lose the news of a change. */
const KEPT_MS = 10_000;
/** A stamp outlives every answer that was kept under the one before. */
const STAMP_MS = 4 * KEPT_MS;
/** Releases that are stamped one by one; beyond it all of the store's are. */
const MOST_STAMPED = 50;
/** Longer answers are not kept. */
const MOST_BYTES = 256 * 1_024;

type Kind = 'release' | 'list';

const reads = counter('app_catalog_cache_reads_total', 'Catalogue reads, by whether the cache answered.', [
  'kind',
  'outcome',
]);
const tally: Record<Kind, { hits: number; all: number }> = { release: { hits: 0, all: 0 }, list: { hits: 0, all: 0 } };
gauge('app_catalog_cache_hit_ratio', 'Share of catalogue reads that the cache answered.', ['kind'], (ratio) => {
  for (const kind of ['release', 'list'] as const) {
    ratio.set({ kind }, tally[kind].all === 0 ? 0 : tally[kind].hits / tally[kind].all);
  }
});

/**
 * Hot reads of the catalogue, kept in Redis for 10 s. An answer counts only under the stamps it was read under; a change sets a new
 * stamp after its commit and before it is answered, so a reader that was under way cannot bring the old state back, and whoever
 * writes reads what it wrote. Without Redis every read goes to the database. A process that could not tell of a change does not
 * use the cache for 10 s.
 */
@Injectable()
export class ReleaseCache {
  private suspectUntil = -Infinity;

  constructor(private readonly redis: RedisConnection) {}

  /** A release with everything. */
  release(unit: Unit, id: string, load: () => Promise<ReleaseView>): Promise<ReleaseView> {
    const stamps = [keyOf(unit, 'all'), keyOf(unit, 'release', id)];
    return this.read('release', unit, { stamps, key: keyOf(unit, 'view', id) }, load);
  }

  /** An answer of a list. @param request everything that the answer depends on */
  list<T extends object>(unit: Unit, request: string, load: () => Promise<T>): Promise<T> {
    return this.read('list', unit, { stamps: [keyOf(unit, 'lists')], key: keyOf(unit, 'list', request) }, load);
  }

  /** Tells of changed or new releases, once the unit has committed. */
  changed(unit: Unit, ids: readonly string[]): void {
    if (!this.redis.isConfigured) return;
    const own = ids.length > MOST_STAMPED ? [keyOf(unit, 'all')] : ids.map((id) => keyOf(unit, 'release', id));
    unit.afterCommit(() => this.stamp([keyOf(unit, 'lists'), ...own]));
  }

  private async stamp(keys: readonly RedisKey[]): Promise<void> {
    const stamp = randomBytes(9).toString('base64url');
    try {
      if (!this.redis.isUp) throw new Error('Redis is away');
      await Promise.all(keys.map((key) => this.redis.client.set(key, stamp, 'PX', STAMP_MS)));
    } catch {
      this.suspectUntil = performance.now() + KEPT_MS;
    }
  }

  /** A unit that has begun may see what is not committed: it reads past the cache. */
  private async read<T extends object>(
    kind: Kind,
    unit: Unit,
    { stamps, key }: { readonly stamps: readonly RedisKey[]; readonly key: RedisKey },
    load: () => Promise<T>,
  ): Promise<T> {
    if (unit.isBegun || !this.redis.isUp || performance.now() < this.suspectUntil) return load();
    const found = await this.redis.client.mget([...stamps, key]).catch(() => undefined);
    if (!found) return load();
    const stamp = found.slice(0, -1).join(' ');
    const kept = found.at(-1);
    const isHit = kept?.startsWith(`${stamp}\n`) === true;
    this.count(kind, isHit);
    if (kept && isHit) return JSON.parse(kept.slice(stamp.length + 1)) as T;
    const value = await load();
    this.keep(key, `${stamp}\n${JSON.stringify(value)}`);
    return value;
  }

  /** Nobody waits for it. */
  private keep(key: RedisKey, text: string): void {
    if (text.length > MOST_BYTES) return;
    this.redis.client.set(key, text, 'PX', KEPT_MS).catch(() => undefined);
  }

  private count(kind: Kind, isHit: boolean): void {
    reads.inc({ kind, outcome: isHit ? 'hit' : 'miss' });
    tally[kind].all += 1;
    if (isHit) tally[kind].hits += 1;
  }
}

function keyOf({ tenantId }: Unit, ...parts: [string, ...string[]]): RedisKey {
  return tenantKey({ tenantId }, 'catalog', ...parts);
}
