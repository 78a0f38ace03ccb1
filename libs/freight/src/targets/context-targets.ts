import { Inject, Injectable } from '@nestjs/common';
import { type ReleaseItem as CatalogItem, type ReleaseOutcome, UpsertReleases } from '#libs/catalog';
import { type ReceiveItem, ReceiveStockInBulk, type StockOutcome } from '#libs/inventory';
import { type SystemActor, systemActor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import type { FailureClass } from '../domain/failure-class.js';
import type { TargetResult } from '../domain/record-outcome.js';
import type { ReleaseItem } from '../mapping/record.js';
import { type Applied, type ImportOf, type ReadyRecord, RecordTargets } from './record-targets.js';

/** Takes records over through the bulk commands of catalogue and inventory. */
@Injectable()
export class ContextTargets extends RecordTargets {
  constructor(@Inject(Bus) private readonly bus: Bus) {
    super();
  }

  async apply(of: ImportOf, records: readonly ReadyRecord[]): Promise<Applied[]> {
    const actor = systemActor(of.tenantId, 'freight');
    const releases = await this.releases(actor, of, records);
    const writers = writersOf(records);
    const results = records.map(({ releaseKey }, index): Applied => {
      const release = releaseKey === undefined ? undefined : releases.get(releaseKey);
      if (!release) return {};
      const isWriter = release.outcome === 'failed' || writers.get(releaseKey) === index;
      return { release: isWriter ? release : { ...release, outcome: 'unchanged' } };
    });
    await this.receiveStock(actor, of, records, results);
    return results;
  }

  /** What became of the records' releases, by external id: one item per release, the later row's columns. */
  private async releases(
    actor: SystemActor,
    of: ImportOf,
    records: readonly ReadyRecord[],
  ): Promise<Map<string, TargetResult>> {
    const wanted = new Map<string, ReleaseItem>();
    const lookedUp = new Map<string, ReleaseItem | undefined>();
    for (const { releaseKey, release, leavesRelease } of records) {
      if (releaseKey === undefined) continue;
      if (release && !leavesRelease) wanted.set(releaseKey, release);
      else lookedUp.set(releaseKey, release);
    }
    const items = [...wanted.values()];
    for (const externalId of lookedUp.keys()) if (!wanted.has(externalId)) items.push({ externalId });
    const found = await this.upsert(actor, of, items);
    const missing: ReleaseItem[] = [];
    for (const [key, release] of lookedUp)
      if (release?.title !== undefined && found.get(key)?.outcome === 'failed') missing.push(release);
    for (const [key, result] of await this.upsert(actor, of, missing)) found.set(key, result);
    return found;
  }

  /** Sorted by id, so that two batches lock the same releases in the same order. */
  private async upsert(
    actor: SystemActor,
    { jobId, source }: ImportOf,
    releases: readonly ReleaseItem[],
  ): Promise<Map<string, TargetResult>> {
    if (releases.length === 0) return new Map();
    const items = releases.toSorted((a, b) => (a.externalId < b.externalId ? -1 : 1));
    // The catalogue reads its items; its type, made for bodies, does not say so.
    const input = { source, importId: jobId, items: items as readonly CatalogItem[] };
    const outcomes = await this.bus.execute(new UpsertReleases(actor, input));
    return new Map(items.map(({ externalId }, index) => [externalId, resultOf('release', outcomes[index])]));
  }

  /** Copies of the releases that are there. @param results of each record: what becomes of its copy is noted there */
  private async receiveStock(
    actor: SystemActor,
    { jobId, source, options }: ImportOf,
    records: readonly ReadyRecord[],
    results: readonly Applied[],
  ): Promise<void> {
    const receiving: Applied[] = [];
    const items: ReceiveItem[] = [];
    records.forEach(({ stock, key = stock?.key }, index) => {
      const result = results[index];
      if (!stock || !result?.release || result.release.outcome === 'failed') return;
      receiving.push(result);
      items.push({ ...stock, key, releaseId: result.release.id });
    });
    if (items.length === 0) return;
    const location = options.locationId === null ? {} : { locationId: options.locationId };
    const input = { source, importId: jobId, items, ...location };
    const outcomes = await this.bus.execute(new ReceiveStockInBulk(actor, input));
    receiving.forEach((result, index) => (result.stock = resultOf('stock', outcomes[index])));
  }
}

/** Which record a release is counted with where several are copies of it: the one that describes it, else the first. */
function writersOf(records: readonly ReadyRecord[]): Map<string | undefined, number> {
  const writers = new Map<string | undefined, number>();
  records.forEach(({ releaseKey, leavesRelease }, index) => {
    if (!leavesRelease || !writers.has(releaseKey)) writers.set(releaseKey, index);
  });
  return writers;
}

/** Refusals about something that is not there can be cured by putting it there; all others are about the record. */
function classOfRefusal(code: string): FailureClass {
  if (/not_found|unknown/.test(code)) return 'reference';
  return /duplicate|conflict/.test(code) ? 'conflict' : 'validation';
}

/** @throws Error when the context did not answer for each item */
function resultOf(target: 'release' | 'stock', outcome: ReleaseOutcome | StockOutcome | undefined): TargetResult {
  if (!outcome) throw new Error(`no outcome for a ${target}`);
  if (outcome.outcome === 'failed') {
    const { code, field, message } = outcome;
    return { outcome: 'failed', class: classOfRefusal(code), code, field: `/${target}${field ?? ''}`, message };
  }
  const id = 'releaseId' in outcome ? outcome.releaseId : outcome.itemId;
  return { outcome: outcome.outcome, id, version: outcome.version };
}
