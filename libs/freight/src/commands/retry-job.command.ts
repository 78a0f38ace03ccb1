import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { PinUpload } from '#libs/files';
import { field, type IfMatchCondition, OneOf, Text, WholeNumber } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus, type Unit, UnitOfWork } from '#platform/persistence';
import { correctedMapping } from '../checked-mapping.js';
import { FAILURE_CLASSES, type FailureClass } from '../domain/failure-class.js';
import { freightErrors } from '../domain/freight.errors.js';
import { assertJobMay } from '../domain/job-lifecycle.js';
import { type JobView, jobView, objectRule } from '../freight.views.js';
import { gradeVocabularyOf } from '../grade-vocabularies.js';
import { type JobRow, lockedJob } from '../job-rows.js';
import { jobWithCounts } from '../job-with-counts.js';
import { Retries } from '../retries.js';

const MOST_ROWS = 10_000;

export class RetryJobInput {
  @field(objectRule, {
    optional: true,
    example: { source: 'discogs', release: { externalId: { column: 'release_id' }, title: { column: 'Title' } } },
    description:
      'A corrected mapping. It holds for the records that are tried again; records are known by the same keys.',
  })
  readonly mapping?: Record<string, unknown>;

  @OneOf(FAILURE_CLASSES, { optional: true, list: { min: 1, max: 9 }, description: 'Only records that failed so.' })
  readonly classes?: FailureClass[];

  @Text({
    max: 100,
    optional: true,
    list: { min: 1, max: 50 },
    example: ['mapping.not_money'],
    description: 'Only records that failed with these codes.',
  })
  readonly codes?: string[];

  @WholeNumber({
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
    optional: true,
    list: { min: 1, max: MOST_ROWS },
    example: [17],
    description: 'Only these rows.',
  })
  readonly rows?: number[];
}

/** Tries failed records again, those of batches that gave up too; in a cancelled job also what it had not begun. */
export class RetryJob extends Command<JobView> {
  constructor(
    readonly actor: Actor,
    readonly jobId: string,
    readonly retry: { readonly input: RetryJobInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(RetryJob)
export class RetryJobHandler implements ICommandHandler<RetryJob> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly bus: Bus,
    private readonly retries: Retries,
  ) {}

  async execute({ actor, jobId, retry: { input, ifMatch } }: RetryJob): Promise<JobView> {
    const unit = this.work.current();
    const job = await lockedJob(unit, jobId, ifMatch);
    assertJobMay(job.state, 'retry');
    if (job.totalRows === null) throw freightErrors.not_planned('The source was never read. Start a new job.');
    await this.reread(unit, job, input.mapping);
    const { classes, codes, rows } = input;
    const failed = await this.retries.failedRecords(unit, job, { classes, codes, rows });
    const cancelled = await this.retries.cancelledBatches(unit, job);
    if (failed.batches + cancelled.batches === 0)
      throw freightErrors.nothing_to_retry('Nothing of the job has failed so.');
    await this.bus.execute(new PinUpload(actor, job.uploadId, `job:${jobId}`));
    await this.retries.reopen(unit, job);
    return jobView(await jobWithCounts(unit, jobId));
  }

  /** What is tried again goes by the corrected mapping, if there is one, and by the store's words for grades of now. */
  private async reread(unit: Unit, job: JobRow, document: unknown): Promise<void> {
    const mapping = document === undefined ? null : JSON.stringify(correctedMapping(document, job));
    const { words: storeGradeVocabulary } = await gradeVocabularyOf(unit);
    await unit.run(
      `update freight.job set mapping = coalesce($3, mapping), options = options || $4, mapping_version = mapping_version + 1
        where tenant_id = $1 and id = $2`,
      [unit.tenantId, job.id, mapping, JSON.stringify({ storeGradeVocabulary })],
    );
  }
}
