import { Injectable } from '@nestjs/common';
import type { ListRequest } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { csvLine } from './domain/csv.js';
import { ListStockItems } from './queries/list-stock-items.query.js';
import type { ListedItemView } from './stock-list.views.js';

/** Rows read at once: each page is a read of its own, so that a slow reader keeps no transaction open. */
const PAGE_ROWS = 1_000;

const COLUMNS: Readonly<Record<string, (item: ListedItemView) => string | number | null>> = {
  id: ({ id }) => id,
  release_id: ({ releaseId }) => releaseId,
  artist: ({ artist }) => artist,
  title: ({ title }) => title,
  genres: ({ genres }) => genres.join('; '),
  kind: ({ kind }) => kind,
  status: ({ status }) => status,
  reason: ({ reason }) => reason,
  code: ({ code }) => code,
  sku: ({ sku }) => sku,
  media_grade: ({ mediaGrade }) => mediaGrade,
  sleeve_grade: ({ sleeveGrade }) => sleeveGrade,
  price_minor: ({ price }) => price?.amount ?? null,
  price_currency: ({ price }) => price?.currency ?? null,
  cost_minor: ({ cost }) => cost?.amount ?? null,
  cost_currency: ({ cost }) => cost?.currency ?? null,
  on_hand: ({ onHand }) => onHand,
  free: ({ free }) => free,
  locations: ({ locationIds }) => locationIds.join('; '),
  received_at: ({ receivedAt }) => receivedAt,
};

/** The first line of every export. */
export const CSV_HEADER = csvLine(Object.keys(COLUMNS));

/** The filtered list as CSV, however long it is: page by page, never more than one in memory. */
@Injectable()
export class StockExport {
  constructor(private readonly bus: Bus) {}

  async *lines(actor: Actor, { sort, filters }: ListRequest): AsyncGenerator<string> {
    yield CSV_HEADER;
    let cursor: string | undefined;
    do {
      const query = { limit: PAGE_ROWS, ...(cursor === undefined ? {} : { cursor }) };
      const { data, page } = await this.bus.execute(new ListStockItems(actor, { sort, filters, query }));
      yield data.map((item) => csvLine(Object.values(COLUMNS).map((cell) => cell(item)))).join('');
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }
}
