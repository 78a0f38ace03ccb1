import { z } from 'zod';
import { currencyCodes } from '#platform/kernel';

/** The mapping document: which column of a file becomes which member of a release or a stock item. Stored with its job. */

const word = z.string().max(1_000);
const sign = z.string().min(1).max(100);

/** What is done to a text before it is read, in order. All take literal texts: there are no patterns. */
const transform = z.discriminatedUnion('op', [
  z.object({ op: z.literal('trim') }).describe('Removes blanks at both ends.'),
  z.object({ op: z.literal('collapse') }).describe('Removes blanks at both ends and makes runs of blanks one.'),
  z.object({ op: z.literal('lower') }).describe('Lower case.'),
  z.object({ op: z.literal('upper') }).describe('Upper case.'),
  z
    .object({
      op: z.literal('split'),
      on: sign,
      take: z
        .int()
        .min(-100)
        .max(100)
        .refine((part) => part !== 0),
    })
    .describe('The part of that number: from 1, or from the end with -1. Blank where there is none.'),
  z.object({ op: z.literal('replace'), find: sign, with: word }).describe('Replaces every occurrence.'),
  z
    .object({ op: z.literal('remove_prefix'), text: sign })
    .describe('Removes the text where it stands at the beginning.'),
  z.object({ op: z.literal('remove_suffix'), text: sign }).describe('Removes the text where it stands at the end.'),
  z
    .object({ op: z.literal('blank_if'), values: z.array(word).min(1).max(100) })
    .describe('Takes these texts for blank.'),
  z
    .object({
      op: z.literal('lookup'),
      table: z.record(z.string().max(200), word),
      otherwise: z.enum(['keep', 'blank', 'fail']).default('keep'),
    })
    .describe('Replaces whole texts by those of a table.'),
  z
    .object({ op: z.literal('discogs_artist') })
    .describe('Removes the numbers by which Discogs tells artists of one name apart: `Nirvana (2)` is `Nirvana`.'),
]);

const valueMembers = {
  column: z.string().max(200).optional().describe('Name of the column, as the header has it; a member name in NDJSON.'),
  columnNo: z
    .int()
    .min(1)
    .max(2_000)
    .optional()
    .describe('Number of the column, from 1: for columns without a name of their own.'),
  constant: word.optional().describe('The same for every record.'),
  transforms: z.array(transform).max(20).optional(),
};
const fromOnePlace = (value: { column?: string; columnNo?: number; constant?: string }): boolean =>
  [value.column, value.columnNo, value.constant].filter((place) => place !== undefined).length === 1;
const ONE_PLACE = { error: 'must have one of column, columnNo and constant' };

const unreadable = z
  .enum(['fail', 'leave_out'])
  .optional()
  .describe('What a text that cannot be read does: fails its record, or is left out and counted among the unmapped.');

const text = z.object(valueMembers).refine(fromOnePlace, ONE_PLACE);
const list = z
  .object({
    ...valueMembers,
    split: sign.optional().describe('Text between the elements. Without it the cell is one element.'),
  })
  .refine(fromOnePlace, ONE_PLACE);
const whole = z.object({ ...valueMembers, unreadable }).refine(fromOnePlace, ONE_PLACE);
const weight = z
  .object({ ...valueMembers, unreadable, unit: z.enum(['g', 'kg', 'oz', 'lb']).default('g') })
  .refine(fromOnePlace, ONE_PLACE);
const date = z
  .object({
    ...valueMembers,
    unreadable,
    order: z.enum(['ymd', 'dmy', 'mdy']).optional().describe("Default: that of the job's date locale."),
  })
  .refine(fromOnePlace, ONE_PLACE);
const money = z
  .object({
    ...valueMembers,
    unreadable,
    currency: z
      .union([
        z.object({ constant: z.enum(currencyCodes as [string, ...string[]]) }),
        z.object({ column: z.string().max(200) }),
        z.object({ columnNo: z.int().min(1).max(2_000) }),
        z.object({ header: z.literal(true) }).describe("The code in the price column's own name, as in `Price (CAD)`."),
      ])
      .optional()
      .describe("Default: the code in the cell, else the job's currency."),
  })
  .refine(fromOnePlace, ONE_PLACE);
const grade = z.object({ ...valueMembers, unreadable }).refine(fromOnePlace, ONE_PLACE);

/** Grades as stock keeps them (Goldmine scale). */
export const GRADES = ['M', 'NM', 'VG+', 'VG', 'G+', 'G', 'F', 'P'] as const;

/** Words of a vocabulary; shops have a dozen. */
const MOST_WORDS = 1_000;

/** A store's words for grades. Null: the word means that there is none, such as `Not Graded`. */
export const gradeVocabularySchema = z
  .record(z.string().min(1).max(200), z.enum(GRADES).nullable())
  .refine((words) => Object.keys(words).length <= MOST_WORDS, { error: `must be at most ${MOST_WORDS} words` });

const release = z.object({
  externalId: text.optional().describe('By what the release is known again.'),
  keyColumns: z
    .array(text)
    .min(1)
    .max(10)
    .optional()
    .describe('Where the file has no id: what makes two rows the same release.'),
  exactKey: z
    .boolean()
    .default(false)
    .describe('Compare keyColumns letter by letter. Default: case, accents, blanks and marks do not count.'),
  title: text.optional().describe('Without it releases are looked up, never made.'),
  artists: list.optional(),
  labels: z.object({ name: list, catalogNumber: list.optional() }).optional(),
  barcode: text.optional(),
  formats: z
    .union([
      z
        .object({ ...valueMembers, style: z.literal('discogs') })
        .refine(fromOnePlace, ONE_PLACE)
        .describe('As Discogs writes them: `2xLP, Album, RE`.'),
      z.object({ name: text, quantity: whole.optional(), descriptions: list.optional() }),
    ])
    .optional(),
  country: text.optional(),
  released: date.optional().describe('A year, a month or a day.'),
  genres: list.optional(),
  styles: list.optional(),
  images: list.optional(),
  weightGrams: weight.optional(),
  attributes: z.record(z.string().min(1).max(100), text).optional(),
  productType: text.optional(),
});

const stock = z.object({
  key: text
    .optional()
    .describe("Listing id or SKU, where the file has one. Default: the release's id and which of its rows this is."),
  kind: z
    .enum(['single', 'pool'])
    .default('single')
    .describe('One graded copy per row, or a number of identical units.'),
  quantity: whole.optional().describe('Units of a pool; it is set to the number.'),
  sku: text.optional(),
  code: text.optional().describe('Where it stands in the store.'),
  mediaGrade: grade.optional(),
  sleeveGrade: grade.optional(),
  price: money.optional(),
  cost: money.optional(),
  note: text.optional(),
});

/** What a mapping document may say. Its JSON Schema is part of the API's document. */
export const mappingSchema = z
  .object({
    source: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,49}$/)
      .default('file')
      .describe('Whose ids they are, such as `discogs`. Ids of different sources never meet.'),
    grades: gradeVocabularySchema.optional().describe("More words for grades; they come before the store's own."),
    release,
    stock: stock.optional(),
  })
  .strict()
  .refine(({ release: { externalId, keyColumns } }) => (externalId === undefined) !== (keyColumns === undefined), {
    path: ['release'],
    error: 'must have one of externalId and keyColumns',
  })
  .refine(({ release: { title }, stock: items }) => title !== undefined || items !== undefined, {
    path: ['release', 'title'],
    error: 'must be mapped, or there is nothing to import',
  });

/** A checked mapping document. */
export type Mapping = z.infer<typeof mappingSchema>;
/** A mapping document as it is written, defaults left out. */
export type MappingInput = z.input<typeof mappingSchema>;
export type Transform = z.infer<typeof transform>;
export type ValueSpec = z.infer<typeof text>;
export type ListSpec = z.infer<typeof list>;
export type WholeSpec = z.infer<typeof whole>;
export type WeightSpec = z.infer<typeof weight>;
export type DateSpec = z.infer<typeof date>;
export type MoneySpec = z.infer<typeof money>;
export type GradeSpec = z.infer<typeof grade>;
export type GradeWords = z.infer<typeof gradeVocabularySchema>;

/** What records of a mapping become. */
export function targetsOf(mapping: Mapping): { readonly releases: boolean; readonly stock: boolean } {
  return { releases: mapping.release.title !== undefined, stock: mapping.stock !== undefined };
}
