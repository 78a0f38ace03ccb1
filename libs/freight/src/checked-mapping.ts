import type { z } from 'zod';
import type { FieldError } from '#platform/kernel';
import { freightErrors } from './domain/freight.errors.js';
import { gradeVocabularySchema, type GradeWords, type Mapping, mappingSchema } from './mapping/mapping.js';

/** As many as an answer holds. */
const MOST_ERRORS = 20;

/** The mapping with its defaults. @throws freight.mapping_invalid */
export function checkedMapping(document: unknown, pointer = '/mapping'): Mapping {
  return checked(mappingSchema, document, pointer);
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
