import type { ApiDocument, Operation, Parameter, Ref, Response } from '../../../apps/api/src/openapi/model.js';
import { operationsOf, resolved } from './documents.js';
import { schemaBreaks, type Versions } from './schema-diff.js';

/**
 * Every change that breaks a program written for the released contract, each as one stable line: it names the operation and
 * what was lost. Additions that old programs never meet are none.
 */
export function breakingChanges(released: ApiDocument, current: ApiDocument): string[] {
  const versions = { released, current };
  const breaks = operationsOf(released).flatMap(({ path, method, operation }) => {
    const now = current.paths[path]?.[method];
    const at = operation.operationId;
    return now ? operationBreaks(versions, operation, now) : [`${at} removed (${method.toUpperCase()} ${path})`];
  });
  return [...new Set(breaks)].sort();
}

function operationBreaks(versions: Versions, before: Operation, after: Operation): string[] {
  const at = before.operationId;
  return [
    ...(at === after.operationId ? [] : [`${at} renamed to ${after.operationId}`]),
    ...accessBreaks(before, after).map((what) => `${at} ${what}`),
    ...parameterBreaks(versions, before, after),
    ...bodyBreaks(versions, before, after),
    ...Object.keys(before.responses).flatMap((status) => responseBreaks(versions, { before, after, status })),
  ];
}

function accessBreaks(before: Operation, after: Operation): string[] {
  const [old, now] = [before['x-permission'], after['x-permission']];
  const schemes = (operation: Operation): string[] => operation.security.flatMap((choice) => Object.keys(choice));
  const lost = schemes(before).filter((scheme) => !schemes(after).includes(scheme));
  const isClosed = before.security.length === 0 && after.security.length > 0;
  return [
    ...(now !== null && now !== old ? [`asks for the permission ${now} in place of ${old ?? 'none'}`] : []),
    ...lost.map((scheme) => `no longer takes the credential ${scheme}`),
    ...(isClosed ? ['asks for a credential'] : []),
  ];
}

function parametersOf(document: ApiDocument, { parameters }: Operation): Map<string, Parameter> {
  const all = parameters.map((parameter) => resolved<Parameter>(document, parameter));
  return new Map(all.map((parameter) => [`${parameter.in} ${parameter.name}`, parameter]));
}

function parameterBreaks(versions: Versions, before: Operation, after: Operation): string[] {
  const [old, now] = [parametersOf(versions.released, before), parametersOf(versions.current, after)];
  const at = before.operationId;
  const gone = [...old.keys()].filter((name) => !now.has(name)).map((name) => `${at} parameter ${name} removed`);
  const others = [...now].flatMap(([name, parameter]) => {
    const known = old.get(name);
    const place = `${at} parameter ${name}`;
    const isNeeded = parameter.required && !known?.required ? [`${place} became required`] : [];
    if (!known) return isNeeded;
    return [...isNeeded, ...schemaBreaks(versions, 'request', [known.schema ?? {}, parameter.schema ?? {}], place)];
  });
  return [...gone, ...others];
}

function bodyBreaks(versions: Versions, before: Operation, after: Operation): string[] {
  const at = before.operationId;
  const [old, now] = [before.requestBody, after.requestBody];
  if (!old) return now?.required ? [`${at} body became required`] : [];
  if (!now) return [`${at} body removed`];
  const needed = now.required && !old.required ? [`${at} body became required`] : [];
  const media = Object.entries(old.content).flatMap(([type, { schema }]) => {
    const other = now.content[type];
    return other
      ? schemaBreaks(versions, 'request', [schema, other.schema], `${at} body`)
      : [`${at} body ${type} removed`];
  });
  return [...needed, ...media];
}

function responseBreaks(
  versions: Versions,
  { before, after, status }: { before: Operation; after: Operation; status: string },
): string[] {
  const at = `${before.operationId} ${status}`;
  const find = (document: ApiDocument, operation: Operation): Response | undefined => {
    const response: Response | Ref | undefined = operation.responses[status];
    return response && resolved<Response>(document, response);
  };
  const [old, now] = [find(versions.released, before), find(versions.current, after)];
  if (!old) return [];
  if (!now) return /^[23]/.test(status) ? [`${at} removed`] : [];
  const headers = Object.keys(old.headers ?? {}).filter((name) => !(name in (now.headers ?? {})));
  const media = Object.entries(old.content ?? {}).flatMap(([type, { schema }]) => {
    const other = now.content?.[type];
    return other ? schemaBreaks(versions, 'answer', [schema, other.schema], at) : [`${at} ${type} removed`];
  });
  return [...headers.map((name) => `${at} header ${name} removed`), ...media];
}
