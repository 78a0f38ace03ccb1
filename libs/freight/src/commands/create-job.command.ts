import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { createHash } from 'node:crypto';
import { GetUpload, PinUpload } from '#libs/files';
import { Tasks } from '#platform/jobs';
import { type Actor, actorRef, DomainError, newUuid } from '#platform/kernel';
import { Bus, type Unit, UnitOfWork } from '#platform/persistence';
import { checkedMapping, checkedVocabulary } from '../checked-mapping.js';
import { freightErrors } from '../domain/freight.errors.js';
import { type JobView, jobView } from '../freight.views.js';
import type { JobOptions } from '../job-options.js';
import { WORK } from '../job-rows.js';
import { jobWithCounts } from '../job-with-counts.js';
import type { Mapping } from '../mapping/mapping.js';
import type { CreateJobInput } from './job-input.js';

/** Unfinished jobs of a store: their batches share its turn, so more of them are not faster. */
const MOST_OPEN_JOBS = 500;
const BUSY_SECONDS = 30;

/** Starts a migration job on a complete upload. The same key with the same request on the same content is the same job, for ever. */
export class CreateJob extends Command<JobView> {
  constructor(
    readonly actor: Actor,
    readonly input: CreateJobInput,
    readonly idempotencyKey?: string,
  ) {
    super();
  }
}

@CommandHandler(CreateJob)
export class CreateJobHandler implements ICommandHandler<CreateJob> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly bus: Bus,
    private readonly tasks: Tasks,
  ) {}

  async execute({ actor, input, idempotencyKey }: CreateJob): Promise<JobView> {
    const unit = this.work.current();
    const { uploadId } = input.source;
    const mapping = checkedMapping(input.mapping);
    const options = optionsOf(input);
    const upload = await this.upload(actor, uploadId);
    const asked = [input, upload.sha256];
    const key = idempotencyKey === undefined ? null : keyOf(actor, idempotencyKey, asked);
    const known = key === null ? undefined : await this.known(unit, key);
    if (known !== undefined) return jobView(await jobWithCounts(unit, known));
    await this.checkQuota(unit);
    const id = newUuid();
    await this.insert(unit, { id, actor, input, mapping, options, upload, key });
    await this.bus.execute(new PinUpload(actor, uploadId, `job:${id}`));
    await this.tasks.enqueue({
      tenantId: unit.tenantId,
      kind: WORK.plan,
      parentId: id,
      priority: input.priority ?? 'normal',
    });
    return jobView(await jobWithCounts(unit, id));
  }

  /** @throws freight.upload_not_found, freight.upload_not_complete */
  private async upload(actor: Actor, id: string): Promise<CompleteUpload> {
    const { state, filename, sizeBytes, sha256 } = await this.bus
      .execute(new GetUpload(actor, id))
      .catch((error: unknown) => {
        if (!(error instanceof DomainError) || error.problem !== 'not-found') throw error;
        throw freightErrors.upload_not_found('The source names an upload that is not there.');
      });
    if (state !== 'complete' || sizeBytes === null || sha256 === null) {
      throw freightErrors.upload_not_complete(`The upload is ${state}. Send it in full first.`);
    }
    return { filename, sizeBytes, sha256 };
  }

  private async known(unit: Unit, key: string): Promise<string | undefined> {
    const row = await unit.row<{ id: string }>(
      'select id from freight.job where tenant_id = $1 and idempotency_key = $2',
      [unit.tenantId, key],
    );
    return row?.id;
  }

  private async checkQuota(unit: Unit): Promise<void> {
    const row = await unit.row<{ open: number }>(
      `select count(*)::int as open from (
         select from freight.job where tenant_id = $1 and phase <> 'done' limit ${MOST_OPEN_JOBS}) counted`,
      [unit.tenantId],
    );
    if ((row?.open ?? 0) < MOST_OPEN_JOBS) return;
    const text = `${MOST_OPEN_JOBS} jobs are not finished. Wait for some of them to end.`;
    throw freightErrors.too_many_jobs(text, { retryAfterSeconds: BUSY_SECONDS, violatedPolicies: ['open-jobs'] });
  }

  private async insert(unit: Unit, job: NewJob): Promise<void> {
    const { id, actor, input, mapping, options, upload, key } = job;
    const { maxFailed, maxFailedBps, action } = input.errorBudget ?? {};
    await unit.run(
      `insert into freight.job (tenant_id, id, kind, state, upload_id, source_name, source_bytes, source_sha256,
         declared_format, mapping, options, priority, max_failed, max_failed_bps, on_budget, idempotency_key, created_by)
       values ($1, $2, $3, 'planning', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
      [
        unit.tenantId,
        id,
        input.kind,
        input.source.uploadId,
        upload.filename,
        upload.sizeBytes,
        upload.sha256,
        JSON.stringify(input.format ?? {}),
        JSON.stringify(mapping),
        JSON.stringify(options),
        input.priority ?? 'normal',
        maxFailed ?? null,
        maxFailedBps ?? null,
        action ?? 'pause',
        key,
        actorRef(actor),
      ],
    );
  }
}

interface CompleteUpload {
  readonly filename: string | null;
  readonly sizeBytes: number;
  readonly sha256: string;
}

interface NewJob {
  readonly id: string;
  readonly actor: Actor;
  readonly input: CreateJobInput;
  readonly mapping: Mapping;
  readonly options: JobOptions;
  readonly upload: CompleteUpload;
  readonly key: string | null;
}

function optionsOf(input: CreateJobInput): JobOptions {
  return {
    batchSize: input.batchSize ?? null,
    duplicates: input.duplicates ?? 'last_wins',
    locationId: input.locationId ?? null,
    currency: input.currency ?? null,
    numberLocale: input.numberLocale ?? null,
    dateLocale: input.dateLocale ?? null,
    gradeVocabulary: checkedVocabulary(input.gradeVocabulary ?? {}),
  };
}

/** Who asked, under which key, for what: another content under the same key is another job. */
function keyOf(actor: Actor, key: string, asked: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify([actorRef(actor), key, asked]))
    .digest('base64url');
}
