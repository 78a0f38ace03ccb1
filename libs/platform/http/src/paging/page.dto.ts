import { WholeNumber } from '../validation/decorators.js';

/** How many rows a list has. */
export class Total {
  /** Rows that the filters let through, counted up to 10,000. */
  @WholeNumber({ min: 0, max: 10_000, example: 1 })
  readonly count!: number;

  /** There are more rows than were counted. */
  readonly capped!: boolean;
}

/** Where a page of a list stands. */
export class PageInfo {
  /** Send it as `cursor` to read the next page; null on the last one. It lasts 24 hours. */
  readonly nextCursor!: string | null;

  /** Send it as `cursor` to read the page before; null on the first one. */
  readonly prevCursor!: string | null;

  /** Whether nextCursor leads to more rows. */
  readonly hasMore!: boolean;

  /** Only where `include=total` asked for it. */
  readonly total?: Total;
}
