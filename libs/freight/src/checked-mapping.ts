import type { z } from 'zod';
import type { FieldError } from '#platform/kernel';
import { freightErrors } from './domain/freight.errors.js';
import { mappingOptionsOf } from './job-options.js';
import type { JobRow } from './job-rows.js';
import { MappingRefused } from './mapping/columns.js';
import { compileMapping } from './mapping/compile.js';
import { gradeVocabularySchema, type GradeWords, type Mapping, mappingSchema } from './mapping/mapping.js';

/** As many as an answer holds. */
const MOST_ERRORS = 20;

/** The mapping with its defaults. @throws freight.mapping_invalid */
export function checkedMapping(document: unknown, pointer = '/mapping'): Mapping {
  return checked(mappingSchema, document, { pointer, refusal: 'The mapping cannot be used.' });
}

/**
 * The corrected mapping of a job whose source has been read: its columns must be there, and records must keep the keys they were
 * planned by, or those tried again would be others.
 * @throws freight.mapping_invalid
 */
export function correctedMapping(
  document: unknown,
  { format, options, mapping: before }: Pick<JobRow, 'format' | 'options' | 'mapping'>,
): Mapping {
  const mapping = checkedMapping(document);
  assertSameKeys(before, mapping);
  try {
    compileMapping(mapping, mappingOptionsOf(options), format?.header, format?.kind);
  } catch (error) {
    if (!(error instanceof MappingRefused)) throw error;
    const errors = error.errors.slice(0, MOST_ERRORS).map(({ field, code, message }): FieldError => {
      return { pointer: `/mapping/${field.replaceAll('.', '/')}`, code, message };
    });
    throw freightErrors.mapping_invalid('The mapping does not fit the file.', { errors });
  }
  return mapping;
}

function assertSameKeys(before: Mapping, after: Mapping): void {
  const [known, now] = [keysOf(before), keysOf(after)];
  const errors = Object.keys(known)
    .filter((pointer) => pointer in now && JSON.stringify(known[pointer]) !== JSON.stringify(now[pointer]))
    .map((pointer): FieldError => {
      return { pointer, code: 'keys_changed', message: 'must stay: records are known by it. Start a new job instead.' };
    });
  if (errors.length > 0) throw freightErrors.mapping_invalid('The mapping would give records other keys.', { errors });
}

/** What of a mapping the keys of records are made by. */
function keysOf({ source, release, stock }: Mapping): Record<string, unknown> {
  return {
    '/mapping/source': source,
    '/mapping/release/externalId': release.externalId,
    '/mapping/release/keyColumns': release.keyColumns,
    '/mapping/release/exactKey': release.exactKey,
    '/mapping/stock': stock !== undefined,
    ...(stock && { '/mapping/stock/key': stock.key, '/mapping/stock/kind': stock.kind }),
  };
}

/** A store's words for grades. @throws freight.mapping_invalid */
export function checkedVocabulary(document: unknown, pointer: string): GradeWords {
  return checked(gradeVocabularySchema, document, { pointer, refusal: 'These words for grades cannot be used.' });
}

function checked<T extends z.ZodType>(
  schema: T,
  document: unknown,
  { pointer, refusal }: { readonly pointer: string; readonly refusal: string },
): z.infer<T> {
  const result = schema.safeParse(document);
  if (result.success) return result.data;
  const errors = result.error.issues.slice(0, MOST_ERRORS).map(({ path, code, message }): FieldError => {
    const place = path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
    return { pointer: pointer + place, code, message };
  });
  throw freightErrors.mapping_invalid(refusal, { errors });
}
