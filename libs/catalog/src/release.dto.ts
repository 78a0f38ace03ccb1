import { field, ListOf, Text, textRule, type ValueRule, WholeNumber } from '#platform/http';
import { isPartialDate } from './domain/partial-date.js';

const partialDateRule: ValueRule = {
  name: 'partial_date',
  refuse: (value) =>
    typeof value === 'string' && isPartialDate(value)
      ? undefined
      : { code: 'partial_date', message: 'must be a year, month or day that exists: 1999, 1999-03 or 1999-03-21' },
  schema: { type: 'string', pattern: '^\\d{4}(-\\d\\d(-\\d\\d)?)?$', example: '1999-03' },
};

const urlText = textRule({ max: 2_000 });
const imageRule: ValueRule = {
  name: 'url',
  refuse: (value) => {
    if (typeof value === 'string' && !urlText.refuse(value) && isWebAddress(value)) return undefined;
    return { code: 'url', message: 'must be an address of a picture that starts with https:// or http://' };
  },
  schema: { type: 'string', maxLength: 2_000, example: 'https://img.example/1.jpg' },
};

const wordRule: ValueRule = {
  name: 'word',
  refuse: (value) =>
    typeof value === 'string' && /^[a-z][a-z0-9_]{0,49}$/.test(value)
      ? undefined
      : { code: 'word', message: 'must be a word of lower-case letters, digits and _, such as record' },
  schema: { type: 'string', pattern: '^[a-z][a-z0-9_]{0,49}$', example: 'record' },
};

/** The word by which another system is known. */
export const sourceRule: ValueRule = { ...wordRule, schema: { ...wordRule.schema, example: 'discogs' } };

const MOST_ATTRIBUTES = 100;
const attributeName = textRule({ max: 100 });
const attributesRule: ValueRule = {
  name: 'attributes',
  refuse: (value) => {
    const refusal = {
      code: 'attributes',
      message: `must be an object of up to ${MOST_ATTRIBUTES} texts of up to 2000 characters`,
    };
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return refusal;
    const entries = Object.entries(value);
    if (entries.length > MOST_ATTRIBUTES) return refusal;
    const isWrong = ([name, text]: [string, unknown]): boolean =>
      attributeName.refuse(name) !== undefined || attributeText.refuse(text) !== undefined;
    return entries.some(isWrong) ? refusal : undefined;
  },
  schema: {
    type: 'object',
    additionalProperties: { type: 'string', maxLength: 2_000 },
    example: { binding: 'hardcover' },
  },
};
const attributeText = textRule({ max: 2_000 });

function isWebAddress(text: string): boolean {
  return /^https?:\/\/[^\s/]/i.test(text) && URL.canParse(text);
}

/** A label and its number there. */
export class LabelInput {
  /** @example "Svek" */
  @Text({ max: 300 })
  readonly name!: string;

  /** As printed; several may be separated by commas. @example "SK032" */
  @Text({ max: 200, optional: true })
  readonly catalogNumber?: string;
}

/** What the release is made of. */
export class FormatInput {
  /** @example "Vinyl" */
  @Text({ max: 100 })
  readonly name!: string;

  /** @example 2 */
  @WholeNumber({ min: 0, max: 9_999, optional: true })
  readonly quantity?: number;

  /** @example ["12\"", "33 RPM"] */
  @Text({ max: 200, optional: true, list: { max: 50 } })
  readonly descriptions?: string[];
}

/** A track. */
export class TrackInput {
  /** @example "A" */
  @Text({ max: 50, optional: true })
  readonly position?: string;

  /** @example "Östermalm" */
  @Text({ max: 1_000 })
  readonly title!: string;

  /** As printed. @example "4:45" */
  @Text({ max: 50, optional: true })
  readonly duration?: string;

  /** Where they are not those of the release. */
  @Text({ max: 500, optional: true, list: { max: 100 } })
  readonly artists?: string[];
}

/** Everything of a release but its title. In a change, null clears a member and an absent one stays. */
export class ReleaseFields {
  /** As one would read them on the cover. @example ["The Persuader"] */
  @Text({ max: 500, optional: true, nullable: true, list: { max: 200 } })
  readonly artists?: string[] | null;

  @ListOf(() => LabelInput, { max: 100 }, { optional: true, nullable: true })
  readonly labels?: LabelInput[] | null;

  /** As printed: blanks and dashes are kept, and do not matter when it is sought. @example "7 391946 032019" */
  @Text({ max: 200, optional: true, nullable: true })
  readonly barcode?: string | null;

  @ListOf(() => FormatInput, { max: 100 }, { optional: true, nullable: true })
  readonly formats?: FormatInput[] | null;

  /** @example "Sweden" */
  @Text({ max: 100, optional: true, nullable: true })
  readonly country?: string | null;

  /** When it came out, as far as known. */
  @field(partialDateRule, { optional: true, nullable: true })
  readonly released?: string | null;

  /** @example ["Electronic"] */
  @Text({ max: 100, optional: true, nullable: true, list: { max: 50 } })
  readonly genres?: string[] | null;

  /** @example ["Deep House"] */
  @Text({ max: 100, optional: true, nullable: true, list: { max: 100 } })
  readonly styles?: string[] | null;

  @ListOf(() => TrackInput, { max: 2_000 }, { optional: true, nullable: true })
  readonly tracks?: TrackInput[] | null;

  /** Addresses of pictures, the cover first. */
  @field(imageRule, { optional: true, nullable: true, list: { max: 100 } })
  readonly images?: string[] | null;

  /** Weight of one copy as it is sent, in grams. @example 420 */
  @WholeNumber({ min: 0, max: 10_000_000, optional: true, nullable: true })
  readonly weightGrams?: number | null;

  /** What else there is to say, most of all of goods that are no records. */
  @field(attributesRule, { optional: true, nullable: true })
  readonly attributes?: Record<string, string> | null;

  /** What kind of goods it is; `record` unless said otherwise. */
  @field(wordRule, { optional: true, nullable: true })
  readonly productType?: string | null;
}

/** An id by which another system knows a release. */
export class ExternalIdInput {
  /** The other system. @example "discogs" */
  @field(wordRule)
  readonly source!: string;

  /** @example "249504" */
  @Text({ max: 200 })
  readonly externalId!: string;
}

/** The members of ReleaseItemInput without which it only asks for a release: read for each copy of an import. */
export class SoughtReleaseInput {
  @Text({ max: 200 })
  readonly externalId!: string;
}

/** A release known by the id of another system. */
export class ReleaseItemInput extends ReleaseFields {
  /** Unique within the store and the source. @example "1" */
  @Text({ max: 200 })
  readonly externalId!: string;

  /** Needed for a release that is new to the source. @example "Stockholm" */
  @Text({ max: 1_000, optional: true })
  readonly title?: string;
}
