import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { invalidParameters, readBody, readQuery } from './dto-reader.js';
import type { DtoClass } from './field-rule.js';
import { isPlainObject } from './value-rules.js';

const NO_DTO = new Set<unknown>([
  undefined,
  Object,
  String,
  Number,
  Boolean,
  Array,
  Date,
  Buffer,
  BigInt,
  Symbol,
  Promise,
]);

/**
 * The global pipe: a body or a query that is declared as a class is read into it strictly (`readBody`, `readQuery`). Other
 * arguments pass, except a single query parameter that was repeated.
 */
@Injectable()
export class StrictValidationPipe implements PipeTransform {
  transform(value: unknown, { type, metatype, data }: ArgumentMetadata): unknown {
    if (type === 'query' && data !== undefined && Array.isArray(value)) {
      throw invalidParameters([{ pointer: data, code: 'repeated', message: 'This value must be given once.' }]);
    }
    if (data !== undefined || NO_DTO.has(metatype)) return value;
    if (type === 'body') return readBody(metatype as DtoClass, value);
    return type === 'query' && isPlainObject(value) ? readQuery(metatype as DtoClass, value) : value;
  }
}
