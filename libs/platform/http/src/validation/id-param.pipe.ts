import { Param, type PipeTransform } from '@nestjs/common';
import { ApiParam } from '#api-document';
import { type IdKind, parseId } from '#platform/kernel';
import { notFound } from '../http.errors.js';
import { idRule } from './value-rules.js';

/** Turns a typed id of a path into its UUID. A wrong prefix or spelling answers exactly what an unknown id answers. */
export class IdPipe implements PipeTransform<string, string> {
  constructor(private readonly kind: IdKind) {}

  transform(value: string): string {
    const uuid = parseId(this.kind, value);
    if (uuid === undefined) throw notFound();
    return uuid;
  }
}

/** The UUID behind a typed id in the path, `@IdParam('id', 'tenant')`, with its OpenAPI. @throws http.not_found */
export function IdParam(name: string, kind: IdKind): ParameterDecorator {
  return (target, method, index) => {
    Param(name, new IdPipe(kind))(target, method, index);
    const descriptor = method === undefined ? undefined : Object.getOwnPropertyDescriptor(target, method);
    const { example, ...schema } = idRule(kind).schema as Record<string, unknown>;
    if (method !== undefined && descriptor) ApiParam({ name, schema, example })(target, method, descriptor);
  };
}
