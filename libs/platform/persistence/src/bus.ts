import { Injectable } from '@nestjs/common';
import { Command, CommandBus, Query, QueryBus } from '@nestjs/cqrs';
import type { Actor } from '#platform/kernel';
import { withSpan } from '#platform/telemetry';
import { UnitOfWork } from './unit-of-work.js';

/** A command or query that says who sends it. */
type Sent<M> = M & { readonly actor: Actor };

/**
 * The one way into a context: opens (or joins) the unit of work of the sender's tenant and runs the handler in it. Operators'
 * messages run on the operator's pool, queries in a read-only transaction.
 */
@Injectable()
export class Bus {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    private readonly work: UnitOfWork,
  ) {}

  async execute<R>(message: Sent<Command<R>> | Sent<Query<R>>): Promise<R> {
    const { tenantId, kind } = message.actor;
    const pool = kind === 'operator' ? 'platform' : 'main';
    const isQuery = message instanceof Query;
    const { name } = message.constructor;
    return withSpan(
      `${isQuery ? 'query' : 'command'} ${name}`,
      { 'app.message': name, 'app.tenant_id': tenantId },
      () =>
        this.work.run({ tenantId, pool, readOnly: isQuery }, () =>
          isQuery ? this.queries.execute(message as Query<R>) : this.commands.execute(message as Command<R>),
        ),
    );
  }
}
