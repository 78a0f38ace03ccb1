import type { ApiDocument, Method, Operation } from '../../../apps/api/src/openapi/model.js';
import { textOf } from '../../support/project.js';

/** The committed documents. */
export const DOCUMENTS = ['recrate.json', 'tenant.json', 'platform.json'] as const;

/** An operation and where it stands. */
export interface PlacedOperation {
  readonly path: string;
  readonly method: Method;
  readonly operation: Operation;
}

/** One of the files below docs/openapi. */
export function readDocument(name: string = 'recrate.json'): ApiDocument {
  return JSON.parse(textOf(`docs/openapi/${name}`)) as ApiDocument;
}

/** All operations of a document. */
export function operationsOf(document: ApiDocument): PlacedOperation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method: method as Method, operation })),
  );
}

/** What a pointer leads to, or the thing itself. */
export function resolved<T>(document: ApiDocument, value: T | { readonly $ref: string }): T {
  if (typeof value !== 'object' || value === null || !('$ref' in value) || typeof value.$ref !== 'string') {
    return value as T;
  }
  const steps = value.$ref.slice(2).split('/');
  return steps.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], document) as T;
}
