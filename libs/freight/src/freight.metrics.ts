import { counter } from '#platform/telemetry';

export const freightMetrics = {
  records: counter('app_freight_records_total', 'Records of migration jobs, by what became of them.', ['outcome']),
  batches: counter('app_freight_batches_ended_total', 'Batches that gave up or were split, by class.', ['class']),
  jobs: counter('app_freight_jobs_ended_total', 'Migration jobs that are over, by how they ended.', ['state']),
  mismatches: counter('app_freight_accounting_mismatches_total', 'Jobs whose records do not add up. Must stay 0.'),
};
