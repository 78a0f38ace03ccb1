import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { ApiExtraModels, getSchemaPath } from '#api-document';
import { field, IdOf } from '#platform/http';
import { type Actor, formatId } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { ReleaseItemInput, sourceRule } from '../release.dto.js';
import { type ReleaseItem, type ReleaseOutcome, UpsertReleases } from './upsert-releases.command.js';

/** Releases of one call over HTTP. */
const MOST_ITEMS = 1_000;

/** Items are looked at one by one, so that a bad one does not refuse the others. */
const itemRule = {
  name: 'release_item',
  refuse: () => undefined,
  schema: { $ref: getSchemaPath(ReleaseItemInput) } as Record<string, unknown>,
};

const EXAMPLE = [
  {
    externalId: '2',
    title: "Knockin' Boots (Vol 2 Of 2)",
    artists: ['Mr. James Barth & A.D.'],
    labels: [{ name: 'Svek', catalogNumber: 'SK 026' }],
    formats: [{ name: 'Vinyl', quantity: 1, descriptions: ['12"'] }],
    released: '1998-06',
  },
  { externalId: '3' },
];

@ApiExtraModels(ReleaseItemInput)
export class ImportReleasesInput {
  /** The system whose ids these are. @example "discogs" */
  @field(sourceRule)
  readonly source!: string;

  @field(itemRule, { list: { min: 1, max: MOST_ITEMS }, example: EXAMPLE })
  readonly items!: ReleaseItem[];
}

/** What became of one item. */
export class ReleaseOutcomeView {
  /** `unchanged`: everything was known already. */
  outcome!: 'created' | 'updated' | 'unchanged' | 'failed';
  /** Not of failed ones. */
  @IdOf('release', { optional: true })
  releaseId?: string;
  /**
   * Of the release now; not of failed ones.
   * @example 1
   */
  version?: number;
  /**
   * Why it failed.
   * @example "catalog.title_missing"
   */
  code?: string;
  /**
   * JSON pointer into the item, to what is wrong.
   * @example "/title"
   */
  field?: string;
  /**
   * In words.
   * @example "A release that is new to the source needs a title."
   */
  message?: string;
}

/** What became of each item. */
export class ImportedReleasesView {
  /** In the order of the items. */
  outcomes!: ReleaseOutcomeView[];
}

/** Releases known by the ids of another system, as they come over HTTP. */
export class ImportReleases extends Command<ImportedReleasesView> {
  constructor(
    readonly actor: Actor,
    readonly input: ImportReleasesInput,
  ) {
    super();
  }
}

@CommandHandler(ImportReleases)
export class ImportReleasesHandler implements ICommandHandler<ImportReleases> {
  constructor(private readonly bus: Bus) {}

  async execute({ actor, input }: ImportReleases): Promise<ImportedReleasesView> {
    const outcomes = await this.bus.execute(new UpsertReleases(actor, input));
    return { outcomes: outcomes.map(outcomeView) };
  }
}

function outcomeView(one: ReleaseOutcome): ReleaseOutcomeView {
  return one.outcome === 'failed' ? one : { ...one, releaseId: formatId('release', one.releaseId) };
}
