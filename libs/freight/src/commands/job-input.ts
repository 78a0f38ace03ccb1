import { field, Flag, IdOf, Nested, OneOf, Text, type ValueRule, WholeNumber } from '#platform/http';
import { currencyCodes } from '#platform/kernel';
import { BATCH_ROWS } from '../domain/batch-size.js';
import { ON_BUDGET, type OnBudget } from '../domain/budget.js';
import { DUPLICATE_POLICIES, type DuplicatePolicy } from '../domain/duplicates.js';
import { objectRule } from '../freight.views.js';
import { SetRetryPolicyInput } from './set-retry-policy.command.js';

/** One or no sign of ASCII. */
function signRule(name: string, { pattern, must, min }: { pattern: RegExp; must: string; min: number }): ValueRule {
  const refusal = { code: name, message: `must be ${must}` };
  return {
    name,
    refuse: (value) => (typeof value === 'string' && pattern.test(value) ? undefined : refusal),
    schema: { type: 'string', minLength: min, maxLength: 1 },
  };
}
const delimiterRule = signRule('delimiter', { pattern: /^[\t\x20-\x7e]$/, must: 'one ASCII character', min: 1 });
const quoteRule = signRule('quote', { pattern: /^[\x21-\x7e]?$/, must: 'one ASCII character, or empty', min: 0 });

const LONGEST_LOCALE = 35;
const isLocale = (tag: string): boolean => {
  try {
    return tag.length <= LONGEST_LOCALE && Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
};
/** A language tag of BCP 47. */
const localeRule: ValueRule = {
  name: 'locale',
  refuse: (value) =>
    typeof value === 'string' && isLocale(value)
      ? undefined
      : { code: 'locale', message: 'must be a language tag such as hu-HU' },
  schema: { type: 'string', minLength: 2, maxLength: LONGEST_LOCALE },
};

export class JobSourceInput {
  @IdOf('upload')
  readonly uploadId!: string;
}

export class SourceFormatInput {
  @OneOf(['csv', 'ndjson'], { optional: true })
  readonly kind?: 'csv' | 'ndjson';

  @Text({
    max: 40,
    optional: true,
    example: 'windows-1250',
    description: 'A label of the WHATWG Encoding Standard, such as windows-1250.',
  })
  readonly encoding?: string;

  @field(delimiterRule, { optional: true, example: ';', description: 'Between the cells of a line.' })
  readonly delimiter?: string;

  @field(quoteRule, { optional: true, example: '"', description: 'Around cells; empty: cells are never quoted.' })
  readonly quote?: string;

  @Flag({ optional: true, description: 'False: the first line is a record.' })
  readonly header?: boolean;
}

export class ErrorBudgetInput {
  @WholeNumber({
    min: 0,
    max: 1_000_000_000,
    optional: true,
    example: 100,
    description: 'Failed records that the job bears.',
  })
  readonly maxFailed?: number;

  @WholeNumber({
    min: 0,
    max: 10_000,
    optional: true,
    example: 500,
    description: 'The same as a share of all, in basis points.',
  })
  readonly maxFailedBps?: number;

  @OneOf(ON_BUDGET, { optional: true, description: 'Beyond it: wait for you, end, or only count. Default: pause.' })
  readonly action?: OnBudget;
}

export class CreateJobInput {
  @OneOf(['import'])
  readonly kind!: 'import';

  @Nested(() => JobSourceInput)
  readonly source!: JobSourceInput;

  @Nested(() => SourceFormatInput, { optional: true })
  readonly format?: SourceFormatInput;

  @field(objectRule, {
    description: 'Which column becomes which member of a release or a stock item.',
    example: { source: 'discogs', release: { externalId: { column: 'release_id' }, title: { column: 'Title' } } },
  })
  readonly mapping!: Record<string, unknown>;

  @WholeNumber({
    min: 1,
    max: BATCH_ROWS.max,
    optional: true,
    example: 1_000,
    description: 'Records of a batch. Default: as many as take about 400 ms.',
  })
  readonly batchSize?: number;

  @OneOf(DUPLICATE_POLICIES, {
    optional: true,
    description: 'Which of several records with the same key counts. Default: last_wins.',
  })
  readonly duplicates?: DuplicatePolicy;

  @Nested(() => ErrorBudgetInput, { optional: true })
  readonly errorBudget?: ErrorBudgetInput;

  @OneOf(['interactive', 'normal', 'bulk'], { optional: true, description: 'Among your own jobs. Default: normal.' })
  readonly priority?: 'interactive' | 'normal' | 'bulk';

  @IdOf('location', { optional: true, description: 'Where stock goes. Default: your default location.' })
  readonly locationId?: string;

  @OneOf(currencyCodes, { optional: true, description: 'Of prices that stand without one.' })
  readonly currency?: string;

  @field(localeRule, {
    optional: true,
    example: 'hu-HU',
    description: 'How numbers are written, such as hu-HU. Default: as in English.',
  })
  readonly numberLocale?: string;

  @field(localeRule, {
    optional: true,
    example: 'en-US',
    description: 'How dates are written, such as en-US. Default: year first.',
  })
  readonly dateLocale?: string;

  @field(objectRule, {
    optional: true,
    example: { Excellent: 'VG+' },
    description: 'Words for grades in this file, such as `{"Excellent": "VG+"}`. They come before those of your store.',
  })
  readonly gradeVocabulary?: Record<string, unknown>;

  /**
   * How this job's failed batches are tried again. Default: the store's retry policy.
   * @example {"maxAttempts":3,"baseMs":500,"capMs":60000,"multiplier":2,"jitter":"full"}
   */
  @Nested(() => SetRetryPolicyInput, { optional: true })
  readonly retryPolicy?: SetRetryPolicyInput;
}
