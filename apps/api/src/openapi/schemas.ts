import { nameOf, ref, type Schema } from './model.js';

/** What the compiler says of the classes of controllers and DTOs, by their names. */
export type ClassFacts = Readonly<Record<string, { readonly comment: string; readonly members: readonly string[] }>>;

/** `ApiKeyView` is what the code calls it; on the wire it is an `ApiKey`. */
export function wireName(className: string): string {
  return className.replace(/View$/, '');
}

/** The schemas as they are published: wire names, class comments, members as in the source, JSON Schema's own words. */
export function publishedSchemas(raw: Readonly<Record<string, Schema>>, classes: ClassFacts): Record<string, Schema> {
  return Object.fromEntries(
    Object.entries(raw).map(([name, schema]): [string, Schema] => {
      const { type, properties = {}, required = [], ...rest } = publishedSchema(schema);
      const { comment = '', members = [] } = classes[name] ?? {};
      const inOrder = Object.keys(properties).sort((a, b) => members.indexOf(a) - members.indexOf(b));
      const published = {
        type,
        ...(comment && { description: comment }),
        properties: Object.fromEntries(inOrder.map((member) => [member, properties[member] ?? {}])),
        ...(required.length > 0 && { required: inOrder.filter((member) => required.includes(member)) }),
        ...rest,
      };
      return [wireName(name), published];
    }),
  );
}

/** One schema and those inside it. Numbers are whole: the API has no fractions (money counts minor units). */
export function publishedSchema({ $ref, example, ...schema }: Schema): Schema {
  if ($ref !== undefined) return { ...ref('schemas', wireName(nameOf({ $ref }))), ...schema };
  const { type, format, properties, items, anyOf, additionalProperties } = schema;
  const isNumber = [type].flat().includes('number');
  return {
    ...schema,
    ...(isNumber && { type: whole(type), format: format ?? 'int64' }),
    ...(example !== undefined && { examples: [example] }),
    ...(properties && { properties: mapped(properties) }),
    ...(items && { items: publishedSchema(items) }),
    ...(anyOf && { anyOf: anyOf.map(publishedSchema) }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: publishedSchema(additionalProperties) }),
  };
}

/** Closes the named schemas and all they lead to: a request with members they do not name is refused. */
export function closeInputs(schemas: Record<string, Schema>, names: readonly string[]): void {
  for (const name of names) {
    const schema = schemas[name];
    if (!schema?.properties || schema.additionalProperties !== undefined) continue;
    schema.additionalProperties = false;
    const inner = JSON.stringify(schema.properties).matchAll(/#\/components\/schemas\/(\w+)/g);
    closeInputs(
      schemas,
      [...inner].map(([, found = '']) => found),
    );
  }
}

function whole(type: Schema['type']): string | string[] {
  const kinds = [type].flat().map((kind) => (kind === 'number' ? 'integer' : String(kind)));
  return kinds.length === 1 ? String(kinds[0]) : kinds;
}

function mapped(properties: Readonly<Record<string, Schema>>): Record<string, Schema> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]): [string, Schema] => [name, publishedSchema(schema)]),
  );
}
