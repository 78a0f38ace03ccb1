import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { FromOutbox } from '#platform/eventing';
import type { Actor } from '#platform/kernel';
import { liftQuarantine } from '../domain/listing-changes.js';
import { LIFT_WHEN_DUE } from '../quarantine-timer.js';
import { Stock } from '../stock.js';

/** The time of a quarantine is over. Where it was prolonged or is over already, nothing happens. */
export class LiftDueQuarantine extends Command<void> {
  constructor(
    readonly actor: Actor,
    readonly itemId: string,
  ) {
    super();
  }
}

@FromOutbox({
  command: LIFT_WHEN_DUE,
  message: (actor, { itemId }) => new LiftDueQuarantine(actor, String(itemId)),
})
@CommandHandler(LiftDueQuarantine)
export class LiftDueQuarantineHandler implements ICommandHandler<LiftDueQuarantine> {
  constructor(private readonly stock: Stock) {}

  async execute({ itemId }: LiftDueQuarantine): Promise<void> {
    await this.stock.change(itemId, (state, now) => {
      const isDue = state.status === 'quarantined' && Date.parse(state.holdUntil ?? '') <= now.getTime();
      return isDue ? liftQuarantine(state, now) : [];
    });
  }
}
