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
  return checked(mappingSchema, document, pointer);
}

/** The mapping of a job whose source has been read: its columns must be there, too. @throws freight.mapping_invalid */
export function fittingMapping(document: unknown, { format, options }: Pick<JobRow, 'format' | 'options'>): Mapping {
  const mapping = checkedMapping(document);
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

/** A store's words for grades. @throws freight.mapping_invalid */
export function checkedVocabulary(document: unknown): GradeWords {
  return checked(gradeVocabularySchema, document, '/gradeVocabulary');
}

function checked<T extends z.ZodType>(schema: T, document: unknown, pointer: string): z.infer<T> {
  const result = schema.safeParse(document);
  if (result.success) return result.data;
  const errors = result.error.issues.slice(0, MOST_ERRORS).map(({ path, code, message }): FieldError => {
    const place = path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
    return { pointer: pointer + place, code, message };
  });
  throw freightErrors.mapping_invalid('The mapping cannot be used.', { errors });
}
