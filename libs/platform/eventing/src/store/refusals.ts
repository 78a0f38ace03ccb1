import type { DomainError } from '#platform/kernel';
import { pgCode } from '#platform/persistence';
import { eventingErrors } from '../eventing.errors.js';

/** SQLSTATE of the append functions: the stream has another version. */
const VERSION_CLASH = 'RC001';

/** The error a caller sees for what the append functions refuse; anything else unchanged. */
export function refusalOf(error: unknown): unknown {
  switch (pgCode(error)) {
    case VERSION_CLASH:
      return versionClash(error);
    case 'RC002':
      return eventingErrors.stream_missing('There is no such thing. Check its id.');
    case 'RC003':
      return streamClosed();
    default:
      return error;
  }
}

/** The cause of a clash that running the whole unit again may cure: what it read is out of date. */
const CLASH = { code: VERSION_CLASH };

/** Lost against others. @param cause the refusal; null where running the unit again would not help */
export function versionClash(cause: unknown = CLASH): DomainError {
  const error = eventingErrors.version_clash(
    'Others changed the same thing at the same time. Read it and repeat the request.',
  );
  return Object.assign(error, { cause });
}

/** Whether the whole unit may be run again. */
export function isVersionClash(error: unknown): boolean {
  return error instanceof Error && pgCode(error.cause) === VERSION_CLASH;
}

/** The thing has another version than the caller has seen. */
export function streamChanged(): DomainError {
  return eventingErrors.stream_changed(
    'The thing has changed since you read it. Read it again and repeat with its new version.',
  );
}

/** The stream has been archived. */
export function streamClosed(): DomainError {
  return eventingErrors.stream_closed('The thing has been archived: nothing can happen to it any more.');
}
