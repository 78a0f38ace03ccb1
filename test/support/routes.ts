import 'reflect-metadata';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { ModulesContainer } from '@nestjs/core';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import { type Access, API_PREFIX, RouteCensus } from '#platform/http';
import { type IdKind, PLATFORM_PERMISSION } from '#platform/kernel';
import { rulesOf } from '../../libs/platform/http/src/validation/dto-shape.js';
import type { DtoClass, FieldRule } from '../../libs/platform/http/src/validation/field-rule.js';
import { IdPipe } from '../../libs/platform/http/src/validation/id-param.pipe.js';
import type { TestApi } from './api.js';

/** A route as the running app has it. */
export interface ApiRoute {
  /** `POST /api/v1/api-keys/:id/rotate`: its name in tables of tests. */
  readonly name: string;
  readonly method: string;
  /** Path with `:name` in place of ids. */
  readonly path: string;
  readonly access: Access;
  /** Typed ids in the path. */
  readonly ids: readonly { readonly name: string; readonly kind: IdKind }[];
  /** Parameters in the path that are no typed ids. */
  readonly otherParams: readonly string[];
  /** Members of its body; undefined where it takes none. */
  readonly body: readonly (readonly [string, FieldRule])[] | undefined;
  /** What its body may be, in bytes; undefined where that is as usual. */
  readonly bodyLimitBytes: number | undefined;
  /** Names of its query parameters. */
  readonly query: readonly string[];
}

type Argument = { readonly index: number; readonly data?: unknown; readonly pipes?: readonly unknown[] };

/**
 * Every route of the running app but those that stream by a protocol of their own. Tables of tests are made of it, so that a new
 * route is tested or fails them.
 */
export function routesOf(api: TestApi): ApiRoute[] {
  return allRoutesOf(api).filter(({ streamed }) => !streamed);
}

/** As `routesOf`, with those that stream. */
export function allRoutesOf({ app }: TestApi): (ApiRoute & { readonly streamed: boolean })[] {
  const controllers = [...app.get(ModulesContainer).values()].flatMap((module) => [...module.controllers.values()]);
  const classes = new Map(controllers.map(({ name, metatype }) => [String(name), metatype as DtoClass]));
  return app
    .get(RouteCensus)
    .rows()
    .map(({ method, path, handler, access, streamed }) => {
      const [className = '', methodName = ''] = handler.split('.');
      const type = classes.get(className);
      if (!type || !access) throw new Error(`${handler} has no class or no access`);
      const full = `/${API_PREFIX}/${path}`.replace(/\/+$/, '').replaceAll('//', '/');
      return { name: `${method} ${full}`, method, path: full, access, streamed, ...inputOf(type, methodName) };
    });
}

/** Whether it is open to the platform's operator alone. */
export function isOperators({ access }: Pick<ApiRoute, 'access'>): boolean {
  return access.kind === 'permission' && access.permission === PLATFORM_PERMISSION;
}

/** Whether it may change something. */
export function writes({ method }: ApiRoute): boolean {
  return method !== 'GET';
}

type Input = Pick<ApiRoute, 'ids' | 'otherParams' | 'body' | 'bodyLimitBytes' | 'query'>;

function inputOf(type: DtoClass, methodName: string): Input {
  const prototype = type.prototype as object;
  const handler = Reflect.get(prototype, methodName) as object;
  const args = Object.entries(
    (Reflect.getMetadata(ROUTE_ARGS_METADATA, type, methodName) ?? {}) as Record<string, Argument>,
  );
  const of = (kind: RouteParamtypes): Argument[] =>
    args.filter(([key]) => key.startsWith(`${kind}:`)).map(([, arg]) => arg);
  const params = of(RouteParamtypes.PARAM).map(({ data, pipes = [] }) => {
    const pipe = pipes.find((candidate) => candidate instanceof IdPipe);
    return { name: String(data), kind: pipe && (Reflect.get(pipe, 'kind') as IdKind) };
  });
  const types = (Reflect.getMetadata('design:paramtypes', prototype, methodName) ?? []) as DtoClass[];
  const [body] = of(RouteParamtypes.BODY).map(({ index }) => types[index]);
  const config = (Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, handler) ?? {}) as { bodyLimitBytes?: number };
  const documented = (Reflect.getMetadata('swagger/apiParameters', handler) ?? []) as { in: string; name: string }[];
  return {
    ids: params.flatMap(({ name, kind }) => (kind ? [{ name, kind }] : [])),
    otherParams: params.filter(({ kind }) => !kind).map(({ name }) => name),
    body: body && rulesOf(body),
    bodyLimitBytes: config.bodyLimitBytes,
    query: documented.filter((parameter) => parameter.in === 'query').map(({ name }) => name),
  };
}

/** Paths and methods that the HTTP server itself answers, whoever registered them. */
export function routerPaths({ app }: TestApi): string[] {
  const tree = app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false });
  const above: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', segment = ''] = /^((?:│ {3}| {4})*)(?:├── |└── )(\S+) \(/.exec(line) ?? [];
    if (segment === '') return [];
    const depth = indent.length / 4;
    above.length = depth;
    above.push(segment);
    return [above.join('')];
  });
}
