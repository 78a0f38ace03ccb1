import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '#api-document';
import { ApiPage, CurrentActor, ListQuery, type ListRequest, type Page, Requires } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { AUDIT_LOG, AuditEntryView, ListAuditLog } from './queries/list-audit-log.query.js';

/** Sensitive actions in a store, each tied to the one before by its hash. */
@ApiTags('Audit log')
@Controller('audit-log')
export class AuditLogController {
  constructor(private readonly bus: Bus) {}

  /** Read the store's audit log. Newest first, unless sorted otherwise. Entries are never changed or removed. */
  @Get()
  @Requires('audit:read')
  @ApiPage(AuditEntryView)
  listAuditLog(
    @CurrentActor() actor: Actor,
    @ListQuery(AUDIT_LOG) request: ListRequest,
  ): Promise<Page<AuditEntryView>> {
    return this.bus.execute(new ListAuditLog(actor, request));
  }
}
