import { counter, gauge, histogram } from '#platform/telemetry';

/**
 * How a run ended: `fenced` runs left no effect, `released` ones were given back by a worker that had to leave, `deferred` ones
 * came too early.
 */
export type RunOutcome = 'done' | 'retried' | 'deferred' | 'failed' | 'fenced' | 'released';

export const jobsMetrics = {
  runSeconds: histogram('app_task_run_seconds', 'Runs of tasks.', ['kind', 'outcome']),
  delivered: counter('app_task_deliveries_total', 'Refs that arrived, by what became of them.', ['outcome']),
  lost: counter('app_task_leases_expired_total', 'Tasks taken from workers that died or froze.', ['kind', 'state']),
  running: gauge('app_task_running', 'Slots of this worker in use.'),
  waiting: gauge('app_task_waiting', 'Due tasks nobody works on, up to 10,000.'),
  oldestDueAge: gauge('app_task_oldest_due_age_seconds', 'How long the oldest of them has been due.'),
  failed: gauge('app_task_failed', 'Tasks that failed for good and are still kept.'),
  dispatchSeconds: histogram('app_dispatch_seconds', 'Rounds of the dispatcher: choosing, marking and offering.'),
  queueUp: gauge('app_queue_up', 'Whether work goes through Redis (1) or straight from PostgreSQL (0).'),
  rowsRemoved: counter('app_cleanup_rows_total', 'Rows removed by scheduled cleanups.', ['kind']),
};
