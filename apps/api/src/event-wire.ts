import { z } from 'zod';
import { ID_KIND, type PublishedFact, publishedFacts } from '#platform/eventing';
import { formatId, ID_PREFIXES, type IdKind } from '#platform/kernel';

/** A JSON Schema, as far as those of events use it. */
export interface WireSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, WireSchema>>;
  readonly additionalProperties?: WireSchema | boolean;
  readonly items?: WireSchema;
  readonly anyOf?: readonly WireSchema[];
  readonly [keyword: string]: unknown;
}

/** A published fact as clients see it. */
export interface WireFact {
  readonly type: string;
  readonly summary: string;
  readonly schema: WireSchema;
  readonly example: unknown;
}

/** The catalogue of events: every published fact, with typed ids, open to members that come later. */
export function eventCatalogue(): WireFact[] {
  return publishedFacts.all().map((fact) => {
    const { type, summary = '', example = {} } = fact;
    return { type, summary, schema: asSent(schemaOf(fact)), example: sent(schemaOf(fact), example) };
  });
}

/** The body of a fact as clients see it: UUIDs of things become typed ids. */
export function wireData(type: string, data: object): Record<string, unknown> {
  const schema = known.get(type) ?? schemaOf(publishedFacts.all().find((fact) => fact.type === type));
  known.set(type, schema);
  return sent(schema, data) as Record<string, unknown>;
}

const known = new Map<string, WireSchema>();

function schemaOf(fact: PublishedFact | undefined): WireSchema {
  return fact ? (JSON.parse(JSON.stringify(z.toJSONSchema(fact.schema))) as WireSchema) : {};
}

function sent(schema: WireSchema, value: unknown): unknown {
  const kind = schema[ID_KIND];
  if (typeof value === 'string') return typeof kind === 'string' ? formatId(kind as IdKind, value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((element) => sent(schema.items ?? {}, element));
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, sent(memberOf(schema, name), member)]),
  );
}

/** The schema of a member, whichever of several forms the object has. */
function memberOf({ properties = {}, additionalProperties, anyOf = [] }: WireSchema, name: string): WireSchema {
  const own = properties[name] ?? anyOf.map((form) => form.properties?.[name]).find((form) => form !== undefined);
  if (own?.anyOf) return own.anyOf.find(({ type }) => type !== 'null') ?? own;
  return own ?? (typeof additionalProperties === 'object' ? additionalProperties : {});
}

function asSent(schema: WireSchema): WireSchema {
  const { $schema: _, additionalProperties, [ID_KIND]: kind, ...rest } = schema;
  if (typeof kind === 'string') {
    const { format: _format, ...text } = rest;
    return { ...text, pattern: `^${ID_PREFIXES[kind as IdKind]}_[0-7][0-9a-hjkmnp-tv-z]{25}$` };
  }
  const { properties, items, anyOf } = schema;
  return {
    ...rest,
    ...(properties && { properties: mapped(properties) }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: asSent(additionalProperties) }),
    ...(items && { items: asSent(items) }),
    ...(anyOf && { anyOf: anyOf.map(asSent) }),
  };
}

function mapped(properties: Readonly<Record<string, WireSchema>>): Record<string, WireSchema> {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, asSent(schema)]));
}
