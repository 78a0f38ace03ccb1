import type { Operation, Parameter } from '../../../apps/api/src/openapi/model.js';
import { readDocument, resolved } from './documents.js';

const document = readDocument();

/** Whether it takes bytes, not JSON. */
export function takesBytes({ requestBody }: Operation): boolean {
  return Object.values(requestBody?.content ?? {}).some(({ schema }) => schema.format === 'binary');
}

/** Headers without which an operation cannot be called, as in their examples. */
export function headersOf(operation: Operation): Record<string, string> {
  if (!takesBytes(operation)) return {};
  const [type = ''] = Object.keys(operation.requestBody?.content ?? {});
  const needed = parametersOf(operation).filter((parameter) => parameter.in === 'header' && parameter.required);
  const entries = needed.map(({ name, schema }): [string, string] => [
    name,
    String((schema?.examples ?? schema?.enum)?.[0]),
  ]);
  return { 'content-type': type, ...Object.fromEntries(entries) };
}

/** What is said of a file in the query, as in the examples. */
export function queryOf(operation: Operation): string {
  const said = takesBytes(operation) ? parametersOf(operation).filter((parameter) => parameter.in === 'query') : [];
  return said.length === 0
    ? ''
    : `?${said.map(({ name, schema }) => `${name}=${String(schema?.examples?.[0])}`).join('&')}`;
}

function parametersOf({ parameters }: Operation): Parameter[] {
  return parameters.map((parameter) => resolved<Parameter>(document, parameter as Parameter));
}
