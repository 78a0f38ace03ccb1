import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { RetryPolicies } from '../retry-policies.js';
import { type RetryPolicyView, retryPolicyView } from '../retry-policy.views.js';

/** The store's retry policy, or the defaults. */
export class GetRetryPolicy extends Query<RetryPolicyView> {
  constructor(readonly actor: Actor) {
    super();
  }
}

@QueryHandler(GetRetryPolicy)
export class GetRetryPolicyHandler implements IQueryHandler<GetRetryPolicy> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly policies: RetryPolicies,
  ) {}

  async execute(): Promise<RetryPolicyView> {
    return retryPolicyView(await this.policies.current(this.work.current()));
  }
}
