import { type ApiDocument, type Components, nameOf, type Operation, type Ref, refsIn } from './model.js';

/** Who reads a document of their own: stores, and the platform's operator. */
export const AUDIENCES = ['tenant', 'platform'] as const;
export type Audience = (typeof AUDIENCES)[number];

const TITLES: Record<Audience, string> = { tenant: 'for stores', platform: "for the platform's operator" };
const SCHEMES: Record<Audience, string> = { tenant: 'apiKey', platform: 'operatorToken' };
const PLATFORM_PATH = /^\/api\/v1\/platform(?:\/|$)/;

/** The part of the document that an audience can use: the operator has the paths below /api/v1/platform, stores the rest. */
export function documentFor(document: ApiDocument, audience: Audience): ApiDocument {
  const own = Object.entries(document.paths).filter(([path]) => PLATFORM_PATH.test(path) === (audience === 'platform'));
  const paths = Object.fromEntries(
    own.map(([path, item]) => [
      path,
      Object.fromEntries(Object.entries(item).map(([method, operation]) => [method, callableBy(operation, audience)])),
    ]),
  );
  const info = { ...document.info, title: `${String(document.info['title'])}, ${TITLES[audience]}` };
  return withoutUnused({ ...document, info, paths });
}

/** Leaves out tags, schemes and components that no operation leads to. */
export function withoutUnused(document: ApiDocument): ApiDocument {
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
  const { securitySchemes, ...components } = document.components;
  const used = reachable(document.paths, components);
  const kept = Object.entries(components).map(([kind, members]) => [
    kind,
    Object.fromEntries(Object.entries(members).filter(([name]) => used.has(`#/components/${kind}/${name}`))),
  ]);
  const schemes = new Set(operations.flatMap(({ security }) => security.flatMap((choice) => Object.keys(choice))));
  const tags = new Set(operations.flatMap((operation) => operation.tags));
  return {
    ...document,
    tags: document.tags.filter(({ name }) => tags.has(name)),
    components: {
      securitySchemes: Object.fromEntries(Object.entries(securitySchemes).filter(([name]) => schemes.has(name))),
      ...(Object.fromEntries(kept) as Omit<Components, 'securitySchemes'>),
    },
  };
}

function callableBy(operation: Operation, audience: Audience): Operation {
  return { ...operation, security: operation.security.filter((choice) => SCHEMES[audience] in choice) };
}

function reachable(paths: ApiDocument['paths'], components: Omit<Components, 'securitySchemes'>): Set<string> {
  const found = new Set<string>();
  const waiting = refsIn(paths);
  for (let pointer = waiting.pop(); pointer !== undefined; pointer = waiting.pop()) {
    if (found.has(pointer)) continue;
    found.add(pointer);
    waiting.push(...refsIn(componentAt(components, { $ref: pointer })));
  }
  return found;
}

function componentAt(components: Omit<Components, 'securitySchemes'>, pointer: Ref): unknown {
  const [, , kind = ''] = pointer.$ref.split('/');
  const members = components[kind as keyof typeof components] as Readonly<Record<string, unknown>> | undefined;
  return members?.[nameOf(pointer)];
}
