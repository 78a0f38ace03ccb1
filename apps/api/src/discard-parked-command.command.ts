import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { RecordOperatorAction } from '#libs/identity';
import { Note, notFound } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus, UnitOfWork } from '#platform/persistence';
import { lockedParkedCommand, type ParkedCommandView, parkedCommandView } from './list-parked-commands.query.js';

export class DiscardParkedCommandInput {
  /**
   * Why; it stands in the audit log, which the store can read.
   * @example "The till was closed for good; the amount was corrected by hand."
   */
  @Note({ min: 1, max: 500 })
  readonly reason!: string;
}

/** Gives a parked command up: what it was to do will never happen. */
export class DiscardParkedCommand extends Command<ParkedCommandView> {
  constructor(
    readonly actor: Actor,
    readonly commandId: string,
    readonly input: DiscardParkedCommandInput,
  ) {
    super();
  }
}

@CommandHandler(DiscardParkedCommand)
export class DiscardParkedCommandHandler implements ICommandHandler<DiscardParkedCommand> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly bus: Bus,
  ) {}

  async execute({ actor, commandId, input: { reason } }: DiscardParkedCommand): Promise<ParkedCommandView> {
    const unit = this.work.current();
    const parked = await lockedParkedCommand(unit, commandId);
    if (!parked) throw notFound();
    const { tenantId, rowId, command, dedupeKey } = parked;
    await unit.run('delete from es.outbox where tenant_id = $1 and id = $2', [tenantId, rowId]);
    const view = parkedCommandView(parked);
    const details = { command, dedupeKey, error: view.error, reason };
    const record = { tenantId, action: 'command.discarded', subject: view.id, details } as const;
    await this.bus.execute(new RecordOperatorAction(actor, record));
    return view;
  }
}
