import { DomainError } from '#platform/kernel';
import { pgCode } from '#platform/persistence';
import { classOf, type FailureClass } from '../domain/failure-class.js';
import { SourceRefused } from '../sources/source-refused.js';

/** The class of what was thrown while work ran. */
export function classOfError(error: unknown): FailureClass {
  if (error instanceof SourceRefused) return 'reference';
  return classOf({ code: pgCode(error), problem: error instanceof DomainError ? error.problem : undefined });
}
