import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { ApiDocument, Schema } from '../../../apps/api/src/openapi/model.js';

/** Text formats of the document that are more than a hint. */
const FORMATS = {
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  date: /^\d{4}-\d\d-\d\d$/,
  int64: true,
  binary: true,
} as const;

/**
 * Holds values to schemas of the document. Objects are taken as closed: callers must bear members that are not documented,
 * we must not send any.
 */
export class Validator {
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true, formats: FORMATS });
  private readonly known = new Map<string, ValidateFunction>();

  constructor(document: ApiDocument) {
    this.ajv.addSchema(closed(document) as object, 'document');
  }

  /** What is wrong with a value; empty when nothing is. */
  faults(schema: Schema, value: unknown): string[] {
    const text = JSON.stringify(schema).replaceAll('"#/', '"document#/');
    const validate = this.known.get(text) ?? this.ajv.compile(JSON.parse(text) as object);
    this.known.set(text, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }
}

/** The document with every object schema closed that does not say whether it is. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, closed(member)]));
  const isObjectSchema = 'properties' in copy && copy['type'] === 'object' && !('additionalProperties' in copy);
  return isObjectSchema ? { ...copy, additionalProperties: false } : copy;
}
