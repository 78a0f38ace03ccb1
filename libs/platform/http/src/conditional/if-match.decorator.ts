import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '#api-document';
import type { ApiRequest } from '../access/authenticated.js';
import { type IfMatch as Condition, parseIfMatch } from './etag.js';

const Param = createParamDecorator((_: unknown, context: ExecutionContext): Condition | undefined =>
  parseIfMatch(context.switchToHttp().getRequest<ApiRequest>().headers['if-match']),
);

/** The request's If-Match, read; hand it to the command, which calls `checkIfMatch` with the version it has loaded. */
export function IfMatch(): ParameterDecorator {
  return (target, method, index) => {
    Param()(target, method, index);
    const descriptor = method === undefined ? undefined : Object.getOwnPropertyDescriptor(target, method);
    if (method === undefined || !descriptor) return;
    const description = 'ETag of the version that may be changed; another version answers 412.';
    ApiHeader({ name: 'If-Match', required: false, description, schema: { type: 'string', example: '"v3"' } })(
      target,
      method,
      descriptor,
    );
  };
}
