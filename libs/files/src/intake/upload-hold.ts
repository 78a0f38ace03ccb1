import { Injectable } from '@nestjs/common';
import { type DomainError, type Actor } from '#platform/kernel';
import { notFound } from '#platform/http';
import { type Unit, UnitOfWork } from '#platform/persistence';
import { filesErrors } from '../files.errors.js';
import { LEASE_MS } from '../files.settings.js';
import type { UploadRow } from '../uploads.views.js';
import { claimUpload, findUpload, type HeldUpload, releaseLease, renewLease } from './upload-rows.js';

/** Work on an upload that this process holds. */
interface Holding {
  /** Makes the work end soon. */
  readonly interrupt: () => void;
  readonly over: Promise<unknown>;
}

/** Lets one at a time send to an upload: by a lease in the database, that a dead process loses within seconds. */
@Injectable()
export class UploadHold {
  private readonly holdings = new Map<string, Holding>();

  constructor(private readonly work: UnitOfWork) {}

  /**
   * Runs `work` while nobody else sends to the upload. Who sends to it in this process already is interrupted: a client that
   * comes back knows better than a connection that has not noticed yet. Another process's sender is not.
   * @param interrupt ends the work early
   * @throws http.not_found, files.upload_gone, files.upload_in_use; whatever `work` throws
   */
  async during<T>(
    actor: Actor,
    id: string,
    interrupt: () => void,
    work: (upload: HeldUpload) => Promise<T>,
  ): Promise<T | UploadRow> {
    const before = this.holdings.get(id);
    before?.interrupt();
    await before?.over.catch(() => undefined);
    const held = await this.inUnit(actor, (unit) => claimUpload(unit, id, LEASE_MS));
    if (!held) return this.whyNot(actor, id);
    const running = this.renewing(actor, held, interrupt, () => work(held));
    const holding = { interrupt, over: running };
    this.holdings.set(id, holding);
    try {
      return await running;
    } finally {
      if (this.holdings.get(id) === holding) this.holdings.delete(id);
    }
  }

  /** Runs `work` and shows signs of life meanwhile; gives the upload back after it. */
  async renewing<T>(actor: Actor, held: HeldUpload, interrupt: () => void, work: () => Promise<T>): Promise<T> {
    const renew = setInterval(() => {
      this.inUnit(actor, (unit) => renewLease(unit, held, LEASE_MS)).then(
        (isHeld) => (isHeld ? undefined : interrupt()),
        // The database is away: the lease runs out by itself, and what is written counts only under its token.
        () => undefined,
      );
    }, LEASE_MS / 3);
    try {
      return await work();
    } finally {
      clearInterval(renew);
      await this.inUnit(actor, (unit) => releaseLease(unit, held)).catch(() => undefined);
    }
  }

  /** A complete upload is answered as it is. */
  private async whyNot(actor: Actor, id: string): Promise<UploadRow> {
    const row = await this.inUnit(actor, (unit) => findUpload(unit, id));
    if (!row) throw notFound();
    if (row.state === 'complete') return row;
    const isOver = row.state !== 'receiving' || row.expiresAt.getTime() <= Date.now();
    throw isOver ? gone(row) : inUse();
  }

  private inUnit<T>({ tenantId }: Actor, work: (unit: Unit) => Promise<T>): Promise<T> {
    return this.work.run({ tenantId }, work);
  }
}

/** An upload that will never be one. */
export function gone({ refusal }: UploadRow): DomainError {
  const reason = refusal ?? { code: 'files.upload_gone', message: 'It was not finished in time.' };
  return filesErrors.upload_gone(`The upload is gone: ${reason.message} Begin another one.`, { reason });
}

function inUse(): DomainError {
  return filesErrors.upload_in_use(
    'Another request is sending to this upload. Ask for its offset again in some seconds.',
    {
      retryAfterSeconds: 5,
    },
  );
}
