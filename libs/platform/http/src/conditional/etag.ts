import { invalidParameters } from '../validation/dto-reader.js';
import { httpErrors } from '../http.errors.js';

/** What an If-Match header allows: any version, or those with one of these entity tags. */
export type IfMatch = '*' | readonly string[];

/** What an answer shows besides its version. */
const SHOWN = /\.\d+"$/;
const TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;

/**
 * The strong entity tag of a version: `"v17"`. Where an answer also shows what others change all the time, such as what is in
 * stock, a number of that follows, `"v17.3"`: it tells such answers apart, and counts for nothing in If-Match.
 */
export function etagOf(version: number, shown?: number): string {
  return shown === undefined ? `"v${version}"` : `"v${version}.${shown}"`;
}

/** Reads an If-Match header; undefined when there is none. @throws http.invalid_parameter when it is no list of tags */
export function parseIfMatch(header: string | undefined): IfMatch | undefined {
  return header === undefined ? undefined : tagsOf('If-Match', header);
}

/** As `parseIfMatch`, for operations that would blindly undo somebody's change. @throws http.precondition_required */
export function requireIfMatch(header: string | undefined): IfMatch {
  const condition = parseIfMatch(header);
  if (condition === undefined) {
    throw httpErrors.precondition_required('Read the thing and send its ETag in If-Match.');
  }
  return condition;
}

/** Compares strongly (RFC 9110): a weak tag never matches. @throws http.precondition_failed when the version is another */
export function checkIfMatch(condition: IfMatch | undefined, version: number): void {
  if (
    condition === undefined ||
    condition === '*' ||
    condition.some((tag) => tag.replace(SHOWN, '"') === etagOf(version))
  )
    return;
  throw httpErrors.precondition_failed('The thing has changed since you read it. Read it again.');
}

/** Whether a GET may answer 304: If-None-Match names this tag (weak comparison) or is `*`. An unreadable header does not. */
export function isNotModified(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  return (ifNoneMatch.match(TAG) ?? []).some((tag) => tag.replace('W/', '') === etag);
}

function tagsOf(name: string, header: string): IfMatch {
  if (header.trim() === '*') return '*';
  const tags = header.match(TAG) ?? [];
  if (tags.length > 0 && /^[\s,]*$/.test(header.replace(TAG, ''))) return tags;
  throw invalidParameters([{ pointer: name, code: 'etag', message: 'This value must be * or a list of entity tags.' }]);
}
