import { ApiProperty } from '#api-document';
import { field, type ValueRule } from '#platform/http';

const NAME = /^[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)+$/;
const LONGEST_NAME = 100;

/** The name of a projection, a reaction or a command: dotted words. */
export function contextNameRule(example: string): ValueRule {
  return {
    name: 'projection_name',
    refuse: (value) =>
      typeof value === 'string' && value.length <= LONGEST_NAME && NAME.test(value)
        ? undefined
        : { code: 'projection_name', message: `must be a name such as ${example}` },
    schema: { type: 'string', maxLength: LONGEST_NAME, pattern: NAME.source, example },
  };
}

/** Names a projection or reaction. */
export class ProjectionNameInput {
  /** As the list has it. */
  @field(contextNameRule('inventory.stock-levels'))
  readonly name!: string;
}

/** How a projection or reaction stands. */
export class ProjectionView {
  /** @example "inventory.stock-levels" */
  name!: string;
  /** A projection can be rebuilt; a reaction cannot, it would send its commands again. */
  @ApiProperty({ enum: ['projection', 'reaction'] })
  kind!: 'projection' | 'reaction';
  /**
   * Version of the build that readers see.
   * @example 1
   */
  version!: number;
  /**
   * Parts that run at the same time.
   * @example 1
   */
  shards!: number;
  paused!: boolean;
  /** What was asked for and has not begun. */
  @ApiProperty({ enum: ['rebuild', 'replay'], nullable: true, type: String })
  pending!: 'rebuild' | 'replay' | null;
  /**
   * Positions of the feed that are not in it yet.
   * @example 0
   */
  lagEvents!: number;
  /**
   * Age of the oldest event that is not in it, in seconds; measured every 5 seconds.
   * @example 0
   */
  lagSeconds!: number;
  /** How far a rebuild has come, from 0 to 1; null when there is none. */
  rebuildProgress!: number | null;
  /**
   * Events that are parked: they could not be digested, or follow one that could not.
   * @example 0
   */
  parked!: number;
  /** Version of the build before, which can be turned back to until it is dropped; null when there is none. */
  retiredVersion!: number | null;
  /** Why it does not get on; null when it does. */
  error!: string | null;
}

/** All projections and reactions. */
export class ProjectionListView {
  data!: ProjectionView[];
}
