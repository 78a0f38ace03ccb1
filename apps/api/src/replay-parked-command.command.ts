import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { RecordOperatorAction } from '#libs/identity';
import { notFound } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus, UnitOfWork } from '#platform/persistence';
import { lockedParkedCommand, type ParkedCommandView, parkedCommandView } from './list-parked-commands.query.js';

/** Lets a parked command be tried again, as often as a new one. */
export class ReplayParkedCommand extends Command<ParkedCommandView> {
  constructor(
    readonly actor: Actor,
    readonly commandId: string,
  ) {
    super();
  }
}

@CommandHandler(ReplayParkedCommand)
export class ReplayParkedCommandHandler implements ICommandHandler<ReplayParkedCommand> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly bus: Bus,
  ) {}

  async execute({ actor, commandId }: ReplayParkedCommand): Promise<ParkedCommandView> {
    const unit = this.work.current();
    const parked = await lockedParkedCommand(unit, commandId);
    if (!parked) throw notFound();
    const { tenantId, rowId, command, dedupeKey } = parked;
    await unit.run(REPLAY, [tenantId, rowId]);
    const view = parkedCommandView(parked);
    const record = { tenantId, action: 'command.replayed', subject: view.id, details: { command, dedupeKey } } as const;
    await this.bus.execute(new RecordOperatorAction(actor, record));
    return view;
  }
}

const REPLAY = `update es.outbox set parked_at = null, attempts = 0, not_before = clock_timestamp()
  where tenant_id = $1 and id = $2`;
