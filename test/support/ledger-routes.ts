import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler, type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { EventStore, streamId } from '#platform/eventing';
import { CurrentActor, ReadsProjection, Requires, Text, WholeNumber } from '#platform/http';
import { type Actor, declareErrors } from '#platform/kernel';
import { Bus, UnitOfWork } from '#platform/persistence';
import { POSTED } from './ledger.js';

const errors = declareErrors('ledger-routes', { refused: { problem: 'conflict', when: 'in tests' } });

class EntryInput {
  @Text({ max: 36 })
  readonly account!: string;

  /** 0 posts nothing, -1 is refused after it was posted. */
  @WholeNumber({ min: -1, max: 1_000_000 })
  readonly amount!: number;
}

class PostEntry extends Command<{ version: number }> {
  constructor(
    readonly actor: Actor,
    readonly input: EntryInput,
  ) {
    super();
  }
}

@CommandHandler(PostEntry)
class PostEntryHandler implements ICommandHandler<PostEntry> {
  constructor(private readonly events: EventStore) {}

  async execute({ actor, input: { account, amount } }: PostEntry): Promise<{ version: number }> {
    if (amount === 0) return { version: 0 };
    const stream = streamId('ledger', actor.tenantId, account);
    const { versions } = await this.events.append(stream, [{ type: POSTED, data: { amount } }]);
    if (amount < 0) throw errors.refused('no');
    return { version: versions[0] ?? 0 };
  }
}

class GetBalance extends Query<{ entries: number }> {
  constructor(
    readonly actor: Actor,
    readonly account: string,
  ) {
    super();
  }
}

@QueryHandler(GetBalance)
class GetBalanceHandler implements IQueryHandler<GetBalance> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ account }: GetBalance): Promise<{ entries: number }> {
    const row = await this.work
      .current()
      .row<{ entries: number }>('select entries from ledger.balance where account = $1', [account]);
    return row ?? { entries: 0 };
  }
}

@Controller('test/entries')
class LedgerController {
  constructor(private readonly bus: Bus) {}

  @Post()
  @Requires('stock:write')
  post(@CurrentActor() actor: Actor, @Body() input: EntryInput): Promise<{ version: number }> {
    return this.bus.execute(new PostEntry(actor, input));
  }

  @Get(':account')
  @Requires('stock:read')
  @ReadsProjection('ledger.balances')
  get(@CurrentActor() actor: Actor, @Param('account') account: string): Promise<{ entries: number }> {
    return this.bus.execute(new GetBalance(actor, account));
  }
}

/** Routes of the ledger: a command that appends events and a query that reads a projection. */
export const LEDGER_ROUTES = {
  controllers: [LedgerController],
  providers: [PostEntryHandler, GetBalanceHandler],
};
