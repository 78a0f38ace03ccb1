import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { readBody } from '#platform/http';
import { type Actor, DomainError, newUuid } from '#platform/kernel';
import { EventStore, streamId } from '#platform/eventing';
import { type Unit, UnitOfWork } from '#platform/persistence';
import { artistLine, changedContent, isSameContent, newContent, type ReleaseContent } from '../domain/release.js';
import { ReleaseCache } from '../release-cache.js';
import { ReleaseItemInput, SoughtReleaseInput } from '../release.dto.js';
import {
  claimIds,
  externalKey,
  findIds,
  itemHash,
  type KnownId,
  noteIds,
  type WrittenId,
} from '../store/external-ids.js';
import { insertReleases, lockReleases, newReleaseId, updateReleases } from '../store/release-rows.js';
import { SearchTerms } from '../store/search-terms.js';

/** A release as another system describes it: absent members stay as they are, null clears; a new one needs a title. */
export type ReleaseItem = ReleaseItemInput;

/** What became of one item. */
export type ReleaseOutcome =
  | { readonly outcome: 'created' | 'updated' | 'unchanged'; readonly releaseId: string; readonly version: number }
  | { readonly outcome: 'failed'; readonly code: string; readonly field?: string; readonly message: string };

/**
 * Creates or updates releases known by an external id. Joins the open unit; one outcome per item, in order; a bad item fails
 * alone. At most 5,000 items. One event tells of all that was created or changed.
 */
export class UpsertReleases extends Command<readonly ReleaseOutcome[]> {
  constructor(
    readonly actor: Actor,
    readonly input: {
      readonly source: string;
      readonly importId?: string;
      readonly items: readonly ReleaseItem[];
    },
  ) {
    super();
  }
}

const MOST_ITEMS = 5_000;
/** Rounds of looking and claiming: a second one finds what others claimed meanwhile. */
const MOST_ROUNDS = 3;

/** A readable item and its place. */
interface Entry {
  readonly place: number;
  readonly key: string;
  readonly item: ReleaseItem;
  /** Empty where the item only asks for the release. */
  readonly hash: string;
}

interface Written {
  readonly id: string;
  readonly content: ReleaseContent;
}

@CommandHandler(UpsertReleases)
export class UpsertReleasesHandler implements ICommandHandler<UpsertReleases> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly events: EventStore,
    private readonly cache: ReleaseCache,
    private readonly terms: SearchTerms,
  ) {}

  async execute({ input }: UpsertReleases): Promise<readonly ReleaseOutcome[]> {
    if (input.items.length > MOST_ITEMS) throw new Error(`a bulk call takes ${MOST_ITEMS} items at most`);
    const unit = this.work.current();
    const call = new BulkCall(unit, input.source, input.importId, input.items);
    const outcomes = await call.run();
    await this.terms.learn(
      unit,
      call.written.map(({ content }) => content),
    );
    if (call.written.length === 0) return outcomes;
    this.cache.changed(
      unit,
      call.written.map(({ id }) => id),
    );
    await this.publish(unit, input, call.written);
    return outcomes;
  }

  private async publish(unit: Unit, input: UpsertReleases['input'], written: readonly Written[]): Promise<void> {
    const data = {
      source: input.source,
      ...(input.importId !== undefined && { importId: input.importId }),
      releaseIds: written.map(({ id }) => id),
      artists: written.map(({ content }) => artistLine(content.artists)),
      titles: written.map(({ content }) => content.title),
      genres: written.map(({ content }) => content.genres),
    };
    await this.events.append(streamId('catalog.import', unit.tenantId, newUuid()), [
      { type: 'catalog.releases-imported.v1', data },
    ]);
  }
}

/** Whether an item, which has an external id, only asks for the release: nothing is compared, locked or noted for it. */
function saysNothing(item: ReleaseItem): boolean {
  for (const name in item) if (name !== 'externalId') return false;
  return true;
}

/** Whether an item that was not read yet has an external id and nothing else. */
function isSought(raw: ReleaseItem): boolean {
  return typeof raw === 'object' && raw?.externalId !== undefined && saysNothing(raw);
}

/** One call's way from items to outcomes. */
class BulkCall {
  readonly written: Written[] = [];
  private readonly outcomes: ReleaseOutcome[];

  constructor(
    private readonly unit: Unit,
    private readonly source: string,
    private readonly importId: string | undefined,
    private readonly items: readonly ReleaseItem[],
  ) {
    this.outcomes = new Array<ReleaseOutcome>(items.length);
  }

  async run(): Promise<readonly ReleaseOutcome[]> {
    let open = this.readable();
    for (let round = 1; open.length > 0; round++) {
      if (round > MOST_ROUNDS) throw new Error('external ids vanish while they are claimed');
      const known = await findIds(
        this.unit,
        this.source,
        open.map(({ key }) => key),
      );
      const byKey = new Map(known.map((id) => [id.key, id]));
      await this.update(open, byKey);
      open = await this.create(open.filter(({ key }) => !byKey.has(key)));
    }
    return this.outcomes;
  }

  /** Items that can be read and whose key is not taken by an earlier one. */
  private readable(): Entry[] {
    const taken = new Set<string>();
    const entries: Entry[] = [];
    this.items.forEach((raw, place) => {
      const item = this.read(raw, place);
      if (!item) return;
      const key = externalKey(item.externalId);
      if (taken.has(key)) {
        const message = 'An earlier item of this request has the same external id.';
        return this.fail(place, { code: 'catalog.duplicate_in_request', field: '/externalId', message });
      }
      taken.add(key);
      entries.push({ place, key, item, hash: saysNothing(item) ? '' : itemHash(item) });
    });
    return entries;
  }

  private read(raw: ReleaseItem, place: number): ReleaseItem | undefined {
    try {
      return readBody(isSought(raw) ? SoughtReleaseInput : ReleaseItemInput, raw);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const [first] = error.members.errors ?? [];
      const message = first?.message ?? error.message;
      this.fail(place, { code: 'catalog.invalid_release', field: first?.pointer ?? '', message });
      return undefined;
    }
  }

  /** @returns entries whose id somebody else claimed meanwhile */
  private async create(entries: readonly Entry[]): Promise<Entry[]> {
    const named = entries.filter(({ item, place }) => {
      if (item.title !== undefined) return true;
      const message = 'A release that is new to the source needs a title.';
      this.fail(place, { code: 'catalog.title_missing', field: '/title', message });
      return false;
    });
    const ids = named.map(({ item, hash }): WrittenId => {
      return { externalId: item.externalId, releaseId: newReleaseId(), itemHash: hash, releaseVersion: 1 };
    });
    const claimed = await claimIds(this.unit, this.source, ids, this.importId);
    const rows: Written[] = [];
    named.forEach(({ key, item, place }, index) => {
      const id = ids[index]?.releaseId;
      if (id === undefined || !claimed.has(key)) return;
      this.outcomes[place] = { outcome: 'created', releaseId: id, version: 1 };
      rows.push({ id, content: newContent(item) });
    });
    await insertReleases(this.unit, rows);
    this.written.push(...rows);
    return named.filter(({ key }) => !claimed.has(key));
  }

  private async update(entries: readonly Entry[], known: ReadonlyMap<string, KnownId>): Promise<void> {
    const changing = entries.flatMap((entry) => {
      const id = known.get(entry.key);
      if (!id) return [];
      const isSame = id.itemHash === entry.hash && id.version === id.releaseVersion;
      if (!isSame && !(saysNothing(entry.item) && id.state === 'active')) return [{ entry, id }];
      this.outcomes[entry.place] = { outcome: 'unchanged', releaseId: id.releaseId, version: id.version };
      return [];
    });
    const stored = await lockReleases(this.unit, [...new Set(changing.map(({ id }) => id.releaseId))]);
    const contents = new Map<string, ReleaseContent>();
    const notes: WrittenId[] = [];
    for (const { entry, id } of changing) {
      const release = stored.get(id.releaseId);
      if (!release) throw new Error('an external id leads to no release');
      if (release.state !== 'active') {
        const message = `The release is ${release.state}. Restore it, or leave it out.`;
        this.fail(entry.place, { code: 'catalog.release_archived', field: '/externalId', message });
        continue;
      }
      const before = contents.get(release.id) ?? release.content;
      const after = changedContent(before, entry.item);
      if (!isSameContent(before, after)) contents.set(release.id, after);
      const outcome = contents.has(release.id) ? 'updated' : 'unchanged';
      const version = release.version + (outcome === 'updated' ? 1 : 0);
      this.outcomes[entry.place] = { outcome, releaseId: release.id, version };
      notes.push({
        externalId: entry.item.externalId,
        releaseId: release.id,
        itemHash: entry.hash,
        releaseVersion: version,
      });
    }
    const rows = [...contents].map(([id, content]) => ({ id, content }));
    await updateReleases(this.unit, rows);
    await noteIds(this.unit, this.source, notes);
    this.written.push(...rows);
  }

  private fail(place: number, failure: { code: string; field: string; message: string }): void {
    this.outcomes[place] = { outcome: 'failed', ...failure };
  }
}
