import { Injectable } from '@nestjs/common';
import type { Unit } from '#platform/persistence';
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from './domain/retry-plan.js';

/** A tenant's retry policy with its version; 0 stands for the defaults. */
export interface VersionedPolicy extends RetryPolicy {
  readonly version: number;
  readonly updatedAt: Date | null;
}

/** Which rules a tenant's failed batches go by. Read at each failure, so running jobs take a new policy on at their next attempt. */
@Injectable()
export class RetryPolicies {
  async current(unit: Unit): Promise<VersionedPolicy> {
    const row = await unit.row<{ policy: RetryPolicy; version: number; updatedAt: Date }>(
      `select policy, version, updated_at as "updatedAt" from freight.retry_policy where tenant_id = $1 and version > 0`,
      [unit.tenantId],
    );
    return row
      ? { ...row.policy, version: row.version, updatedAt: row.updatedAt }
      : { ...DEFAULT_RETRY_POLICY, version: 0, updatedAt: null };
  }

  /** The rules of a job: its own, where it was started with some, else its store's. */
  async ofJob(unit: Unit, jobId: string): Promise<RetryPolicy> {
    const job = await unit.row<{ policy: RetryPolicy | null }>(
      `select nullif(options->'retryPolicy', 'null') as policy from freight.job where tenant_id = $1 and id = $2`,
      [unit.tenantId, jobId],
    );
    return job?.policy ?? this.current(unit);
  }
}
