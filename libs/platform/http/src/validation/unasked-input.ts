import type { ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { ApiRequest } from '../access/authenticated.js';
import { readBody, readQuery } from './dto-reader.js';

class Nothing {}

interface Takes {
  readonly body: boolean;
  readonly query: boolean;
}

const known = new WeakMap<object, Takes>();

/**
 * Refuses members of a body or a query where the route takes none: a handler that does not look at them must not seem to
 * have obeyed. @throws http.unknown_member, http.validation_failed, http.invalid_parameter
 */
export function refuseUnasked(context: ExecutionContext, { body, query }: ApiRequest): void {
  const takes = takenBy(context);
  if (!takes.body && body !== undefined) readBody(Nothing, body);
  if (!takes.query) readQuery(Nothing, query as Record<string, unknown>);
}

function takenBy(context: ExecutionContext): Takes {
  const handler = context.getHandler();
  const before = known.get(handler);
  if (before) return before;
  const args: unknown = Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), handler.name);
  const kinds = new Set(Object.keys(args ?? {}).map((key) => Number(key.split(':')[0])));
  const takes = { body: kinds.has(RouteParamtypes.BODY), query: kinds.has(RouteParamtypes.QUERY) };
  known.set(handler, takes);
  return takes;
}
