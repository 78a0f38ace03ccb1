import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { createHash } from 'node:crypto';
import { GetUpload, PinUpload } from '#libs/files';
import { GetLocation } from '#libs/inventory';
import { httpErrors } from '#platform/http';
import { Tasks } from '#platform/jobs';
import { type Actor, actorRef, canonicalJson, DomainError, newUuid } from '#platform/kernel';
import { Bus, type Unit, UnitOfWork } from '#platform/persistence';
import { checkedMapping, checkedVocabulary } from '../checked-mapping.js';
import { freightErrors } from '../domain/freight.errors.js';
import { type JobView, jobView } from '../freight.views.js';
import { gradeVocabularyOf } from '../grade-vocabularies.js';
import type { JobOptions } from '../job-options.js';
import { WORK } from '../job-rows.js';
import { jobWithCounts } from '../job-with-counts.js';
import type { GradeWords, Mapping } from '../mapping/mapping.js';
import type { CreateJobInput } from './job-input.js';
import { policyOf } from './set-retry-policy.command.js';

/** Unfinished jobs of a store: their batches share its turn, so more of them are not faster. */
const MOST_OPEN_JOBS = 500;
const BUSY_SECONDS = 30;

/** The job that was asked for, and whether it was there already. */
export interface StartedJob {
  readonly job: JobView;
  readonly known: boolean;
}

/**
 * Starts a migration job on a complete upload. The same key with the same request on the same content is the same job, for ever,
 * whichever upload the content came in.
 */
export class CreateJob extends Command<StartedJob> {
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

  async execute({ actor, input, idempotencyKey }: CreateJob): Promise<StartedJob> {
    const unit = this.work.current();
    const { uploadId } = input.source;
    const mapping = checkedMapping(input.mapping);
    const options = optionsOf(input, (await gradeVocabularyOf(unit)).words);
    const upload = await this.upload(actor, uploadId);
    const key = idempotencyKey === undefined ? null : keyOf(actor, idempotencyKey);
    const asked = digestOf({ ...input, source: upload.sha256 });
    const known = key === null ? undefined : await this.known(unit, key, asked);
    if (known !== undefined) return { job: jobView(await jobWithCounts(unit, known)), known: true };
    await this.checkLocation(actor, input.locationId);
    await this.checkQuota(unit);
    const id = newUuid();
    await this.insert(unit, { id, actor, input, mapping, options, upload, key, asked });
    await this.bus.execute(new PinUpload(actor, uploadId, `job:${id}`));
    await this.tasks.enqueue({
      tenantId: unit.tenantId,
      kind: WORK.plan,
      parentId: id,
      priority: input.priority ?? 'normal',
    });
    return { job: jobView(await jobWithCounts(unit, id)), known: false };
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

  /** @throws http.idempotency_key_reused */
  private async known(unit: Unit, key: string, asked: string): Promise<string | undefined> {
    const row = await unit.row<{ id: string; asked: string | null }>(
      'select id, idempotency_asked as asked from freight.job where tenant_id = $1 and idempotency_key = $2',
      [unit.tenantId, key],
    );
    if (row && row.asked !== asked)
      throw httpErrors.idempotency_key_reused('This Idempotency-Key was used for another job. Use a new key.');
    return row?.id;
  }

  /** @throws freight.location_not_found, freight.location_closed */
  private async checkLocation(actor: Actor, id: string | undefined): Promise<void> {
    if (id === undefined) return;
    const location = await this.bus.execute(new GetLocation(actor, id)).catch((error: unknown) => {
      if (!(error instanceof DomainError) || error.problem !== 'not-found') throw error;
      throw freightErrors.location_not_found('locationId names a location that is not there.');
    });
    if (location.closedAt !== null) {
      throw freightErrors.location_closed(`${location.name} is closed: nothing can be put there. Name another one.`);
    }
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
    const { id, actor, input, mapping, options, upload, key, asked } = job;
    const { maxFailed, maxFailedBps, action } = input.errorBudget ?? {};
    await unit.run(
      `insert into freight.job (tenant_id, id, kind, state, upload_id, source_name, source_bytes, source_sha256,
         declared_format, mapping, options, priority, max_failed, max_failed_bps, on_budget, idempotency_key, created_by, idempotency_asked)
       values ($1, $2, $3, 'planning', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
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
        key === null ? null : asked,
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
  /** Digest of what was asked, the upload's content in the place of its id. */
  readonly asked: string;
}

function optionsOf(input: CreateJobInput, storeGradeVocabulary: GradeWords): JobOptions {
  return {
    batchSize: input.batchSize ?? null,
    duplicates: input.duplicates ?? 'last_wins',
    locationId: input.locationId ?? null,
    currency: input.currency ?? null,
    numberLocale: input.numberLocale ?? null,
    dateLocale: input.dateLocale ?? null,
    gradeVocabulary: checkedVocabulary(input.gradeVocabulary ?? {}, '/gradeVocabulary'),
    storeGradeVocabulary,
    retryPolicy: input.retryPolicy ? policyOf(input.retryPolicy) : null,
  };
}

/** Who asked, under which key. */
function keyOf(actor: Actor, key: string): string {
  return digestOf([actorRef(actor), key]);
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('base64url');
}
