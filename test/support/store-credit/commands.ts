import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { EventStore, FromOutbox, streamId } from '#platform/eventing';
import type { Actor } from '#platform/kernel';
import { type Credit, credit, spend } from './credit.js';

/** Spends store credit on an order. */
export class SpendCredit extends Command<Credit> {
  constructor(
    readonly actor: Actor,
    readonly input: { readonly account: string; readonly amount: number; readonly order: string },
  ) {
    super();
  }
}

@CommandHandler(SpendCredit)
export class SpendCreditHandler implements ICommandHandler<SpendCredit> {
  constructor(private readonly events: EventStore) {}

  async execute({ actor, input: { account, amount, order } }: SpendCredit): Promise<Credit> {
    const stream = streamId(credit.category, actor.tenantId, account);
    const { state } = await this.events.change(stream, credit, spend(amount, order), { lock: true });
    return state;
  }
}

/** Takes back what is left. */
export class ExpireCredit extends Command<void> {
  constructor(
    readonly actor: Actor,
    readonly account: string,
  ) {
    super();
  }
}

@CommandHandler(ExpireCredit)
@FromOutbox({
  command: 'credit.expire',
  message: (actor, { account }) => new ExpireCredit(actor, String(account)),
})
export class ExpireCreditHandler implements ICommandHandler<ExpireCredit> {
  constructor(private readonly events: EventStore) {}

  async execute({ actor, account }: ExpireCredit): Promise<void> {
    const stream = streamId(credit.category, actor.tenantId, account);
    await this.events.change(stream, credit, (state) =>
      state.balance > 0 ? spend(state.balance, 'expired')(state) : [],
    );
  }
}
