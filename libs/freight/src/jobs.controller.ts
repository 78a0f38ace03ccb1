import { Body, Controller, Get, Headers, HttpCode, Post, Put, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiTags } from '#api-document';
import {
  ApiPage,
  type ApiReply,
  CurrentActor,
  IdParam,
  IfMatch,
  type IfMatchCondition,
  JudgesOwnRepeats,
  ListQuery,
  type ListRequest,
  type Page,
  Requires,
} from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { accepted } from './accepted-job.js';
import { CancelJob } from './commands/cancel-job.command.js';
import { CreateJob } from './commands/create-job.command.js';
import { CreateJobInput } from './commands/job-input.js';
import { PauseJob } from './commands/pause-job.command.js';
import { ResumeJob } from './commands/resume-job.command.js';
import { RetryJob, RetryJobInput } from './commands/retry-job.command.js';
import { JobView } from './freight.views.js';
import { GetJob } from './queries/get-job.query.js';
import { BATCHES, BatchView, ListBatches } from './queries/list-batches.query.js';
import { JOBS, ListJobs } from './queries/list-jobs.query.js';
import {
  ListRecordLogs,
  RECORD_LOGS,
  type RecordLogParameters,
  RecordLogView,
} from './queries/list-record-logs.query.js';
import { GetRetryStatus, RetryStatusView } from './queries/retry-status.query.js';

/** Migration jobs: a file of records becomes releases and stock, with a line in the log for each. */
@ApiTags('Jobs')
@Controller('jobs')
export class JobsController {
  constructor(private readonly bus: Bus) {}

  /**
   * Start a migration job. Its source is a complete upload. Sent again with the same Idempotency-Key and the same content, it is the
   * same job, also when the content was uploaded anew.
   */
  @Post()
  @HttpCode(202)
  @Requires('job:write')
  @JudgesOwnRepeats()
  @ApiAcceptedResponse({ type: JobView })
  async createJob(
    @CurrentActor() actor: Actor,
    @Body() input: CreateJobInput,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @Res({ passthrough: true }) reply: ApiReply,
  ): Promise<JobView> {
    const { job, known } = await this.bus.execute(new CreateJob(actor, input, idempotencyKey));
    if (known) reply.header('idempotency-replayed', 'true');
    return accepted(reply, job);
  }

  /** List migration jobs. The latest first, unless sorted otherwise. */
  @Get()
  @Requires('job:read')
  @ApiPage(JobView)
  listJobs(@CurrentActor() actor: Actor, @ListQuery(JOBS) request: ListRequest): Promise<Page<JobView>> {
    return this.bus.execute(new ListJobs(actor, request));
  }

  /** Read a job. Its counts, rate and estimated end are those of now. */
  @Get(':id')
  @Requires('job:read')
  getJob(@CurrentActor() actor: Actor, @IdParam('id', 'job') id: string): Promise<JobView> {
    return this.bus.execute(new GetJob(actor, id));
  }

  /** Cancel a job. Batches under way end, what is committed stays. Cancelling again changes nothing. */
  @Put(':id/cancel')
  @Requires('job:write')
  cancelJobByPut(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'job') id: string,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<JobView> {
    return this.bus.execute(new CancelJob(actor, id, ifMatch));
  }

  /** Cancel a job. The same as with PUT. */
  @Post(':id/cancel')
  @HttpCode(200)
  @Requires('job:write')
  cancelJob(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'job') id: string,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<JobView> {
    return this.bus.execute(new CancelJob(actor, id, ifMatch));
  }

  /** Pause a job. No further batch begins; batches under way end. */
  @Post(':id/pause')
  @HttpCode(200)
  @Requires('job:write')
  pauseJob(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'job') id: string,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<JobView> {
    return this.bus.execute(new PauseJob(actor, id, ifMatch));
  }

  /** Resume a paused job. If its error budget had paused it, it goes on without one. */
  @Post(':id/resume')
  @HttpCode(200)
  @Requires('job:write')
  resumeJob(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'job') id: string,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<JobView> {
    return this.bus.execute(new ResumeJob(actor, id, ifMatch));
  }

  /**
   * Try failed records again. Those of batches that gave up are among them, and in a cancelled job what it had not begun. A corrected
   * mapping can be sent along.
   */
  @Post(':id/retry')
  @HttpCode(202)
  @Requires('job:write')
  @ApiAcceptedResponse({ type: JobView })
  async retryJob(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'job') id: string,
    @Body() input: RetryJobInput,
    @Res({ passthrough: true }) reply: ApiReply,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<JobView> {
    return accepted(reply, await this.bus.execute(new RetryJob(actor, id, { input, ifMatch })));
  }

  /** Read a job's log. One line per record: its latest attempt, or all of them. */
  @Get(':id/logs')
  @Requires('job:read')
  @ApiPage(RecordLogView)
  listJobLogs(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'job') id: string,
    @ListQuery(RECORD_LOGS) request: ListRequest<RecordLogParameters>,
  ): Promise<Page<RecordLogView>> {
    return this.bus.execute(new ListRecordLogs(actor, id, request));
  }

  /** List a job's batches. A batch is what is committed and repeated together. */
  @Get(':id/batches')
  @Requires('job:read')
  @ApiPage(BatchView)
  listJobBatches(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'job') id: string,
    @ListQuery(BATCHES) request: ListRequest,
  ): Promise<Page<BatchView>> {
    return this.bus.execute(new ListBatches(actor, id, request));
  }

  /** Read where a job's repetitions stand. Batches that wait for another attempt are listed with the time of it. */
  @Get(':id/retry-status')
  @Requires('job:read')
  getJobRetryStatus(@CurrentActor() actor: Actor, @IdParam('id', 'job') id: string): Promise<RetryStatusView> {
    return this.bus.execute(new GetRetryStatus(actor, id));
  }
}
