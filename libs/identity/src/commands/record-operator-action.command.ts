import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Actor } from '#platform/kernel';
import { type AuditRecord, AuditLog } from '../audit/audit-log.js';

/** Records what the operator did to something of a store, in the store's audit log. Sent last in the unit of the action. */
export class RecordOperatorAction extends Command<void> {
  constructor(
    readonly actor: Actor,
    readonly record: Omit<AuditRecord, 'actor'>,
  ) {
    super();
  }
}

@CommandHandler(RecordOperatorAction)
export class RecordOperatorActionHandler implements ICommandHandler<RecordOperatorAction> {
  constructor(private readonly audit: AuditLog) {}

  execute({ actor, record }: RecordOperatorAction): Promise<void> {
    return this.audit.record({ actor, ...record });
  }
}
