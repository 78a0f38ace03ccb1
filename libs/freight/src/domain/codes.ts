/** Codes of what stands in a job, its log and its dead letters. No request is answered with them, but callers rely on them. */
export const CODES = {
  duplicateInFile: 'conflict.duplicate_in_file',
  nothingToMake: 'mapping.nothing_to_make',
  batchDead: 'freight.batch_dead',
  killsWorkers: 'freight.kills_workers',
  split: 'freight.split',
  budgetExceeded: 'freight.budget_exceeded',
  accountingMismatch: 'freight.accounting_mismatch',
  planningFailed: 'freight.planning_failed',
  finishingFailed: 'freight.finishing_failed',
  mappingRefused: 'freight.mapping_invalid',
} as const;
