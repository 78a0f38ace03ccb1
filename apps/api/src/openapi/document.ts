import type { CensusRow } from '#platform/http';
import { PERMISSIONS } from '#platform/kernel';
import { pageName } from './answer.js';
import { Examples } from './examples.js';
import { HEADERS, INFO, PARAMETERS, SECURITY_SCHEMES } from './info.js';
import { type ApiDocument, METHODS, nameOf, type Operation, ref, type Schema, sorted } from './model.js';
import { operationOf } from './operation.js';
import { problemSchema, refusalComponents } from './refusals.js';
import { type RawDocument, type Route, routesOf, rowSchemaOf } from './routes.js';
import { type ClassFacts, closeInputs, publishedSchemas, wireName } from './schemas.js';
import { withoutUnused } from './audiences.js';

/**
 * The published document: what @nestjs/swagger read from the controllers, with what the edge adds to every route.
 * @param classes of controllers and DTOs, as the compiler sees them
 * @param events schemas of the data of published events, by type
 * @throws Error naming what a controller or a DTO leaves unsaid
 */
export function publishedDocument(
  raw: RawDocument,
  census: readonly CensusRow[],
  classes: ClassFacts,
  events: Readonly<Record<string, Schema>> = {},
): ApiDocument {
  const routes = routesOf(raw, census);
  const schemas = { ...publishedSchemas(raw.components?.schemas ?? {}, classes), ...pagesOf(routes) };
  tellEvents(schemas, events);
  closeInputs(
    schemas,
    routes.flatMap(({ input }) => (input ? [wireName(nameOf(input))] : [])),
  );
  const examples = new Examples(schemas);
  const paths: Record<string, Partial<Record<(typeof METHODS)[number], Operation>>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route, routes, examples) };
  }
  refuseTwins(routes);
  return withoutUnused({
    openapi: '3.1.0',
    info: { ...INFO, description: `${INFO.description}\n\n${permissionsText()}` },
    servers: [{ url: '/', description: 'The installation that answers this document.' }],
    tags: tagsOf(routes, classes),
    paths,
    components: {
      securitySchemes: SECURITY_SCHEMES,
      parameters: PARAMETERS,
      headers: sorted(HEADERS),
      responses: sorted(refusalComponents()),
      schemas: sorted({ ...schemas, Problem: problemSchema() }),
    },
  });
}

/** The data of a published event is that of one of the types, or of one that comes later. */
function tellEvents(schemas: Record<string, Schema>, events: Readonly<Record<string, Schema>>): void {
  const data = schemas['PublishedEvent']?.properties?.['data'];
  if (!data || Object.keys(events).length === 0) return;
  Object.assign(schemas, events);
  delete data.additionalProperties;
  delete data.type;
  data.anyOf = [...Object.keys(events).map((type) => ref('schemas', type)), { type: 'object' }];
}

function pagesOf(routes: readonly Route[]): Record<string, Schema> {
  const pages = routes.flatMap(({ raw }) =>
    Object.values(raw.responses).flatMap(({ content }) =>
      Object.values(content ?? {}).map(({ schema }) => rowSchemaOf(schema)),
    ),
  );
  return Object.fromEntries(
    pages.flatMap((row): [string, Schema][] => {
      if (row === undefined) return [];
      const data = { type: 'array', items: { $ref: `#/components/schemas/${wireName(row)}` } };
      const page = { $ref: '#/components/schemas/PageInfo' };
      const description = 'A page of a list.';
      return [[pageName(row), { type: 'object', description, properties: { data, page }, required: ['data', 'page'] }]];
    }),
  );
}

/** The comment of a controller is the description of its tag. */
function tagsOf(routes: readonly Route[], classes: ClassFacts): ApiDocument['tags'] {
  const tags = new Map<string, string>();
  for (const { handler, raw } of routes) {
    const [controller = ''] = handler.split('.');
    const description = classes[controller]?.comment;
    if (!description) throw new Error(`${controller} has no comment`);
    for (const name of raw.tags ?? []) tags.set(name, description);
  }
  return [...tags].map(([name, description]) => ({ name, description })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function refuseTwins(routes: readonly Route[]): void {
  const ids = routes.map(({ raw }) => raw.operationId);
  const twins = ids.filter((id, index) => ids.indexOf(id) !== index);
  if (twins.length > 0) throw new Error(`two methods of controllers are called ${twins.join(', ')}`);
}

function permissionsText(): string {
  const rows = Object.entries(PERMISSIONS).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`);
  return ['# Permissions', '', '| permission | opens |', '|---|---|', ...rows].join('\n');
}
