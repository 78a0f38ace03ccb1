import { Injectable } from '@nestjs/common';
import { EventStore, streamId } from '#platform/eventing';
import type { Unit } from '#platform/persistence';
import type { CatalogEvent, ReleaseFact } from './catalog.events.js';
import { artistLine } from './domain/release.js';
import type { ReleaseRow } from './store/release-rows.js';

type PlainFact = Exclude<CatalogEvent['type'], 'catalog.releases-imported.v1' | 'catalog.release-merged.v1'>;

/** Tells other contexts what happened to a release, in the unit in which it happens. */
@Injectable()
export class ReleaseFactsLog {
  constructor(private readonly events: EventStore) {}

  async tell(unit: Unit, type: PlainFact, release: ReleaseRow): Promise<void> {
    await this.append(unit, release.id, { type, data: factOf(release) });
  }

  async tellMerged(unit: Unit, release: ReleaseRow, mergedInto: string): Promise<void> {
    const data = { ...factOf(release), mergedInto };
    await this.append(unit, release.id, { type: 'catalog.release-merged.v1', data });
  }

  private async append(unit: Unit, id: string, event: CatalogEvent): Promise<void> {
    await this.events.append(streamId('catalog.release', unit.tenantId, id), [event]);
  }
}

function factOf({ id, content }: ReleaseRow): ReleaseFact {
  return {
    releaseId: id,
    artist: artistLine(content.artists),
    title: content.title,
    genres: [...content.genres],
  };
}
