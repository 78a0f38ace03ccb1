import { nameOf, type Schema } from './model.js';

/** An example of a body, with the words that stand above it. */
export interface NamedExample {
  readonly summary: string;
  readonly value: unknown;
}

/** Puts examples together from those of the members, so that each stands once, in the member's comment. */
export class Examples {
  /** An answer shows null where a value may be missing; a request shows the value that could be sent. */
  private prefersNull = true;

  constructor(private readonly schemas: Readonly<Record<string, Schema>>) {}

  /** An example of a value, without what may be left out. @throws Error naming the member that has none */
  of(schema: Schema, at: string): unknown {
    if (schema.$ref !== undefined) return this.of(this.target(schema), nameOf(schema));
    const [example] = schema.examples ?? [];
    if (isNullable(schema) && (this.prefersNull || example === undefined)) return this.ofNullable(schema, at);
    if (example !== undefined) return example;
    if (schema.enum) return schema.enum[0];
    switch (schema.type) {
      case 'object':
        return this.ofObject(schema, at, schema.required ?? []);
      case 'array':
        return schema.items ? [this.of(schema.items, at)] : [];
      case 'boolean':
        return false;
      default:
        throw new Error(`${at} has no example: write @example "..." in its comment`);
    }
  }

  /** What is answered to the full example of the input: members of one name hold the same value. */
  ofAnswer(schema: Schema, input: Schema | undefined, differs: Record<string, unknown> = {}): unknown {
    const answer = this.of(schema, nameOf(schema)) as Record<string, unknown>;
    const asked = input ? (this.ofRequest(input)['full']?.value as Record<string, unknown>) : {};
    const echoed = Object.entries(asked).filter(([name]) => name in answer);
    return { ...answer, ...Object.fromEntries(echoed), ...differs };
  }

  /** A request with everything and, where members may be left out, one with what is needed. */
  ofRequest(schema: Schema): Record<string, NamedExample> {
    this.prefersNull = false;
    try {
      return this.requestsOf(schema);
    } finally {
      this.prefersNull = true;
    }
  }

  private requestsOf(schema: Schema): Record<string, NamedExample> {
    const { properties = {}, required = [] } = this.target(schema);
    const all = Object.keys(properties);
    const full = { summary: 'Everything', value: this.ofObject(this.target(schema), nameOf(schema), all) };
    if (required.length === all.length) return { full };
    const value = this.ofObject(this.target(schema), nameOf(schema), required);
    return { full, least: { summary: 'What is needed', value } };
  }

  /** The schema that a pointer leads to, or the schema itself. */
  target(schema: Schema): Schema {
    if (schema.$ref === undefined) return schema;
    const found = this.schemas[nameOf(schema)];
    if (!found) throw new Error(`there is no schema ${schema.$ref}`);
    return found;
  }

  /** Null says more of a value that may be missing, an object more of one that is there. */
  private ofNullable(schema: Schema, at: string): unknown {
    const inner = schema.anyOf?.find(({ type }) => type !== 'null');
    if (inner) return this.of(inner, at);
    const [type] = [schema.type].flat().filter((kind) => kind !== 'null');
    return this.prefersNull ? null : this.of({ ...schema, type }, at);
  }

  private ofObject({ properties = {}, additionalProperties }: Schema, at: string, names: readonly string[]): unknown {
    if (names.length === 0 && typeof additionalProperties === 'object') {
      return { name: this.of(additionalProperties, at) };
    }
    return Object.fromEntries(names.map((name) => [name, this.of(properties[name] ?? {}, `${at}.${name}`)]));
  }
}

function isNullable({ type, anyOf }: Schema): boolean {
  return (Array.isArray(type) && type.includes('null')) || !!anyOf?.some((schema) => schema.type === 'null');
}
