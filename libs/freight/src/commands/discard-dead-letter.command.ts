import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { IfMatchCondition } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus, UnitOfWork } from '#platform/persistence';
import type { DeadLetterDetailView } from '../dead-letter.views.js';
import { closeDeadLetter, openDeadLetter } from '../open-dead-letter.js';
import { GetDeadLetter } from '../queries/get-dead-letter.query.js';

/** Closes a dead letter without trying again: its record stays failed. */
export class DiscardDeadLetter extends Command<DeadLetterDetailView> {
  constructor(
    readonly actor: Actor,
    readonly id: string,
    readonly ifMatch?: IfMatchCondition,
  ) {
    super();
  }
}

@CommandHandler(DiscardDeadLetter)
export class DiscardDeadLetterHandler implements ICommandHandler<DiscardDeadLetter> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly bus: Bus,
  ) {}

  async execute({ actor, id, ifMatch }: DiscardDeadLetter): Promise<DeadLetterDetailView> {
    const unit = this.work.current();
    await openDeadLetter(unit, id, ifMatch);
    await closeDeadLetter(unit, id, { state: 'discarded', actor });
    return this.bus.execute(new GetDeadLetter(actor, id));
  }
}
