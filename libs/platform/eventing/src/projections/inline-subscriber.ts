import type { Unit } from '#platform/persistence';
import type { FeedEvent } from '../feed/feed.js';
import { type InlineEvent, type Rebuildable, takes, tablesIn } from '../store/inline-projections.js';
import type { Subscriber } from './subscriber.js';

/** As many as an asynchronous projection takes at once. */
const PAGE_SIZE = 1_000;

/** The inline projection as the feed's runner sees it, which feeds it only while it is rebuilt. */
export function inlineSubscriber(projection: Rebuildable): Subscriber {
  const { readModel } = projection;
  return {
    name: readModel.name,
    kind: 'inline',
    version: readModel.version,
    types: readModel.events,
    shards: 1,
    pageSize: PAGE_SIZE,
    startAt: 'beginning',
    views: readModel.views,
    apply: async (page, unit, slot) => {
      const own = (await withCategories(page, unit)).filter((event) => takes(projection, event));
      if (own.length > 0) await projection.apply(own, unit, tablesIn(readModel, slot));
    },
  };
}

/** Events as an inline projection takes them; the feed does not know the kinds of streams. */
async function withCategories(page: readonly FeedEvent[], unit: Unit): Promise<InlineEvent[]> {
  const rows = await unit.prepared<{ id: string; category: string }>('es.categories', CATEGORIES, [
    unit.tenantId,
    [...new Set(page.map(({ streamId }) => streamId))],
  ]);
  const categories = new Map(rows.map(({ id, category }) => [id, category]));
  return page.map(({ tenantId, streamId, eventId, type, data, meta }) => {
    return { tenantId, streamId, category: categories.get(streamId) ?? '', eventId, type, data, meta };
  });
}

const CATEGORIES = 'select stream_id as id, category from es.streams where tenant_id = $1 and stream_id = any($2)';
