import { z } from 'zod';
import { commonFields, loadConfig, postgresUrl, whole } from '#platform/config';

/** Everything the worker reads from its environment. */
export const workerSchema = z.object({
  ...commonFields,
  ADMIN_PORT: whole(0, 65_535).prefault('3002').describe('Port of probes and metrics; never exposed to the public.'),
  DATABASE_DIRECT_URL: postgresUrl()
    .optional()
    .describe(
      'The same past a transaction pooler, where one stands between: for listening and for the fence of the feed.',
    ),
  DATABASE_URL_WORKER: postgresUrl().describe('Database as the role app_worker.'),
  IMPORT_MAX_ROWS: whole(1, 1_000_000_000)
    .prefault('5000000')
    .describe(
      'Most records of one file that a migration job takes. A file with more fails before any record is tried.',
    ),
  WORKER_CONCURRENCY: whole(1, 200).prefault('4').describe('How many tasks one worker process runs at the same time.'),
});

/** The worker's settings, checked. */
export type WorkerConfig = z.infer<typeof workerSchema>;

/** @throws ConfigError */
export function workerConfig(env: NodeJS.ProcessEnv = process.env): WorkerConfig {
  return loadConfig(workerSchema, env);
}
