import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { BatchesController } from './batches.controller.js';
import { CancelJobHandler } from './commands/cancel-job.command.js';
import { CreateJobHandler } from './commands/create-job.command.js';
import { DiscardDeadLetterHandler } from './commands/discard-dead-letter.command.js';
import { PauseJobHandler } from './commands/pause-job.command.js';
import { RequeueDeadLetterHandler } from './commands/requeue-dead-letter.command.js';
import { ResumeJobHandler } from './commands/resume-job.command.js';
import { RetryBatchHandler } from './commands/retry-batch.command.js';
import { RetryJobHandler } from './commands/retry-job.command.js';
import { SetGradeVocabularyHandler } from './commands/set-grade-vocabulary.command.js';
import { SetRetryPolicyHandler } from './commands/set-retry-policy.command.js';
import { SetWorkPauseHandler } from './commands/set-work-pause.command.js';
import { DeadLettersController } from './dead-letters.controller.js';
import { FREIGHT_SETTINGS, type FreightSettings } from './freight.settings.js';
import { GradeVocabularyController } from './grade-vocabulary.controller.js';
import { JobStops } from './job-stops.js';
import { JobsController } from './jobs.controller.js';
import { PlatformJobsController } from './platform-jobs.controller.js';
import { BatchDeaths } from './processors/batch-deaths.js';
import { DeadLetters } from './processors/dead-letters.js';
import { FinishJob } from './processors/finish-job.processor.js';
import { ImportBatch } from './processors/import-batch.processor.js';
import { JobProgress } from './processors/job-progress.js';
import { JobReader } from './processors/job-reader.js';
import { PlanJob } from './processors/plan-job.processor.js';
import { GetDeadLetterHandler } from './queries/get-dead-letter.query.js';
import { GetGradeVocabularyHandler } from './queries/get-grade-vocabulary.query.js';
import { GetJobHandler } from './queries/get-job.query.js';
import { GetRetryPolicyHandler } from './queries/get-retry-policy.query.js';
import { ListAllJobsHandler } from './queries/list-all-jobs.query.js';
import { ListAllWorkersHandler } from './queries/list-all-workers.query.js';
import { ListBatchesHandler } from './queries/list-batches.query.js';
import { ListDeadLettersHandler } from './queries/list-dead-letters.query.js';
import { ListJobsHandler } from './queries/list-jobs.query.js';
import { ListQueuesHandler } from './queries/list-queues.query.js';
import { ListRecordLogsHandler } from './queries/list-record-logs.query.js';
import { ListWorkersHandler } from './queries/list-workers.query.js';
import { GetRetryStatusHandler } from './queries/retry-status.query.js';
import { GetStatsHandler } from './queries/tenant-stats.query.js';
import { Retries } from './retries.js';
import { RetryPolicies } from './retry-policies.js';
import { RetryPoliciesController } from './retry-policies.controller.js';
import { StatsController } from './stats.controller.js';
import { ContextTargets } from './targets/context-targets.js';
import { RecordTargets } from './targets/record-targets.js';

const COMMANDS: Provider[] = [
  CancelJobHandler,
  CreateJobHandler,
  DiscardDeadLetterHandler,
  PauseJobHandler,
  RequeueDeadLetterHandler,
  ResumeJobHandler,
  RetryBatchHandler,
  RetryJobHandler,
  SetGradeVocabularyHandler,
  SetRetryPolicyHandler,
  SetWorkPauseHandler,
];
const QUERIES: Provider[] = [
  GetDeadLetterHandler,
  GetGradeVocabularyHandler,
  GetJobHandler,
  GetRetryPolicyHandler,
  GetRetryStatusHandler,
  GetStatsHandler,
  ListAllJobsHandler,
  ListAllWorkersHandler,
  ListBatchesHandler,
  ListDeadLettersHandler,
  ListJobsHandler,
  ListQueuesHandler,
  ListRecordLogsHandler,
  ListWorkersHandler,
];

/** Routes of Freight: jobs are started, steered and looked at. */
@Module({
  controllers: [
    BatchesController,
    DeadLettersController,
    GradeVocabularyController,
    JobsController,
    PlatformJobsController,
    RetryPoliciesController,
    StatsController,
  ],
  providers: [...COMMANDS, ...QUERIES, JobStops, Retries, RetryPolicies],
})
export class FreightHttpModule {}

/** What carries jobs out. It reads uploads and sends catalogue and inventory their bulk commands. */
@Module({
  providers: [
    BatchDeaths,
    DeadLetters,
    FinishJob,
    ImportBatch,
    JobProgress,
    JobReader,
    JobStops,
    PlanJob,
    RetryPolicies,
    { provide: RecordTargets, useClass: ContextTargets },
  ],
})
export class FreightWorkerModule {
  /** With settings of the worker's own. */
  static forRoot(settings: FreightSettings): DynamicModule {
    return { module: FreightWorkerModule, providers: [{ provide: FREIGHT_SETTINGS, useValue: settings }] };
  }
}
