import { WholeNumber } from '../validation/decorators.js';

/** How many rows a list has. */
export class Total {
  /** Rows that the filters let through, counted up to 10,000. */
  @WholeNumber({ min: 0, max: 10_000, example: 1 })
  readonly count!: number;

  /** There are more rows than were counted. */
  readonly capped!: boolean;
}

/** How many rows of a list have a value. */
export class FacetValue {
  /** Filter by it to see those rows. */
  readonly value!: string;

  readonly count!: number;
}

/** What the rows of a list can be narrowed down by. */
export class Facet {
  /** Name of the filter. */
  readonly name!: string;

  /** The most frequent ones first. Counted under all filters but its own. */
  readonly values!: FacetValue[];

  /** There are more rows than were counted: the counts say how the values compare, not how many rows there are. */
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

  /** Only of lists that have facets, and where `facets` asked for them. */
  readonly facets?: Facet[];

  /** Only where nothing was found for what was sought: what was sought in its place. */
  readonly correctedTo?: string;
}
