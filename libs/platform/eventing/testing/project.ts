import { expect } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import { Databases, type Unit, UnitOfWork } from '#platform/persistence';
import type { TestDatabase } from '../../../../test/support/database.js';
import type { DomainEvent } from '../src/core/decider.js';
import type { FeedEvent } from '../src/feed/feed.js';
import {
  type IProjection,
  Projection,
  type ProjectionOptions,
  projectionSubscriber,
} from '../src/projections/projection.js';

/** An event as it comes from the feed; what is not said does not matter. */
export type ProjectedEvent = DomainEvent & Partial<Pick<FeedEvent, 'streamId' | 'recordedAt' | 'meta'>>;

/**
 * A test of a projection on a database that has its tables, as the worker's role:
 * `await project(database, new StockList(), received, sold).expect('inventory.stock_list', [{ sku: 'LP-1', on_hand: 0 }])`.
 * The events are taken in one page and, in the other table, one by one: how the feed is cut must not matter.
 */
export function project(database: TestDatabase, projection: IProjection, ...events: readonly ProjectedEvent[]) {
  return {
    /** Exactly these rows in a view, without their tenant, in any order. Columns that no row names are not looked at. */
    expect: (view: string, rows: readonly Record<string, unknown>[]): Promise<void> =>
      inUnit(database, async (unit) => {
        const { apply, views } = subscriberOf(projection);
        if (!views.includes(view)) throw new Error(`the projection does not name the view ${view}`);
        const feed = fed(unit.tenantId, events);
        await apply(feed, unit, 'a');
        for (const event of feed) await apply([event], unit, 'b');
        const [paged, single] = [
          await unit.rows(`select * from ${view}_a`),
          await unit.rows(`select * from ${view}_b`),
        ];
        const columns = new Set(rows.flatMap((row) => Object.keys(row)));
        const shown = paged.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => columns.has(name))));
        expect(inOrder(single)).toEqual(inOrder(paged));
        expect(inOrder(shown)).toEqual(inOrder(rows));
      }),
  };
}

function subscriberOf(projection: IProjection) {
  const options = Reflect.getMetadata(Projection.KEY, projection.constructor) as ProjectionOptions | undefined;
  if (!options) throw new Error('the class has no @Projection');
  return projectionSubscriber(options, projection);
}

function fed(tenantId: string, events: readonly ProjectedEvent[]): FeedEvent[] {
  const [stream, versions] = [newUuid(), new Map<string, number>()];
  return events.map(({ type, data, streamId = stream, recordedAt = new Date(0), meta = {} }, index) => {
    const version = (versions.get(streamId) ?? 0) + 1;
    versions.set(streamId, version);
    const own = { position: index + 1, eventId: newUuid(), schemaVersion: 1, version };
    return { ...own, tenantId, streamId, type, data, meta, recordedAt };
  });
}

/** A transaction of a store of its own, which is undone. */
async function inUnit(database: TestDatabase, work: (unit: Unit) => Promise<void>): Promise<void> {
  const limits = { statementTimeoutMs: 10_000, acquireTimeoutMs: 10_000, slowQueryMs: 10_000 };
  const databases = new Databases({
    main: { url: database.workerUrl, max: 1 },
    applicationName: 'test-project',
    ...limits,
  });
  try {
    await new UnitOfWork(databases).run({ tenantId: newUuid() }, work);
  } finally {
    await databases.close();
  }
}

const inOrder = (rows: readonly object[]): object[] =>
  rows.toSorted((x, y) => (JSON.stringify(x) < JSON.stringify(y) ? -1 : 1));
