import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, getSchemaPath } from '#api-document';
import type { Page } from './list-plan.js';
import { PageInfo } from './page.dto.js';

type ListMethod<T> = <F extends (...args: never[]) => Promise<Page<T>>>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<F>,
) => void;

/** The OpenAPI of a list's answer. The compiler holds the view to what the method returns. */
export function ApiPage<T>(view: Type<T>): ListMethod<T> {
  const data = { type: 'array', items: { $ref: getSchemaPath(view) } };
  const page = { $ref: getSchemaPath(PageInfo) };
  return applyDecorators(
    ApiExtraModels(view, PageInfo),
    ApiOkResponse({ schema: { type: 'object', required: ['data', 'page'], properties: { data, page } } }),
  );
}
