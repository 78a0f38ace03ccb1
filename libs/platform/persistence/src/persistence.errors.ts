import { declareErrors } from '#platform/kernel';

export const persistenceErrors = declareErrors('database', {
  unavailable: { problem: 'dependency-unavailable', when: 'The database cannot be reached.' },
  outcome_unknown: {
    problem: 'dependency-unavailable',
    when: 'The connection broke while the effect was being committed: it may or may not have happened. Repeat with the same Idempotency-Key.',
  },
  overloaded: { problem: 'overloaded', when: 'No database connection became free in time.' },
  contention: { problem: 'overloaded', when: 'The same rows were changed by others again and again.' },
  lock_timeout: { problem: 'overloaded', when: 'Rows were locked by others for too long.' },
  conflict: { problem: 'conflict', when: 'The same rows were changed by another request at the same moment.' },
  query_too_expensive: { problem: 'query-too-expensive', when: 'A statement was cancelled because it ran too long.' },
  duplicate: { problem: 'duplicate', when: 'The database knows another thing with this name or number.' },
  reference_not_found: { problem: 'reference-not-found', when: 'The database does not know what is referred to.' },
  refused_value: {
    problem: 'validation-failed',
    when: 'The database refused a value that had passed all checks before.',
  },
  storage_full: { problem: 'storage-full', when: 'The database has no room left.' },
});
