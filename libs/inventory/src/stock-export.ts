import { Injectable } from '@nestjs/common';
import type { ListRequest, Page } from '#platform/http';
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

  /** Reads the first page before it answers: what stands in the way is told as a problem, not by a broken file. */
  async open(actor: Actor, request: ListRequest): Promise<AsyncIterable<string>> {
    return this.lines(actor, request, await this.page(actor, request, request.query.cursor));
  }

  private page(actor: Actor, { sort, filters }: ListRequest, cursor?: string): Promise<Page<ListedItemView>> {
    const query = { limit: PAGE_ROWS, ...(cursor === undefined ? {} : { cursor }) };
    return this.bus.execute(new ListStockItems(actor, { sort, filters, query }));
  }

  private async *lines(actor: Actor, request: ListRequest, first: Page<ListedItemView>): AsyncGenerator<string> {
    yield CSV_HEADER;
    for (let page = first; ;) {
      yield page.data.map((item) => csvLine(Object.values(COLUMNS).map((cell) => cell(item)))).join('');
      const cursor = page.page.nextCursor;
      if (cursor === null) return;
      page = await this.page(actor, request, cursor);
    }
  }
}
