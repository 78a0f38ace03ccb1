import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Put, Res } from '@nestjs/common';
import { ApiTags } from '#api-document';
import {
  API_PREFIX,
  ApiPage,
  type ApiReply,
  CurrentActor,
  IdParam,
  IfMatch,
  type IfMatchCondition,
  ListQuery,
  type ListRequest,
  type Page,
  PlatformRoute,
} from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { CreateTenant, CreateTenantInput } from './commands/create-tenant.command.js';
import { DeleteTenant } from './commands/delete-tenant.command.js';
import { IssueApiKey, IssueApiKeyInput } from './commands/issue-api-key.command.js';
import { RenameTenant, RenameTenantInput } from './commands/rename-tenant.command.js';
import { ResumeTenant } from './commands/resume-tenant.command.js';
import { SetTenantFlow, SetTenantFlowInput, TenantFlowView } from './commands/set-tenant-flow.command.js';
import { SetTenantLimits, SetTenantLimitsInput } from './commands/set-tenant-limits.command.js';
import { SuspendTenant, SuspendTenantInput } from './commands/suspend-tenant.command.js';
import { IssuedApiKeyView, TenantView } from './identity.views.js';
import { GetTenant } from './queries/get-tenant.query.js';
import { AUDIT_LOG, AuditEntryView, ListAuditLog } from './queries/list-audit-log.query.js';
import { ListTenants, type ListTenantsParameters, TENANTS } from './queries/list-tenants.query.js';

/** Stores, for the platform's operator. */
@ApiTags('Platform: tenants')
@PlatformRoute()
@Controller('platform/tenants')
export class TenantsController {
  constructor(private readonly bus: Bus) {}

  /** Take in a store. It starts with the default limits and without a key. */
  @Post()
  async createTenant(
    @CurrentActor() actor: Actor,
    @Body() input: CreateTenantInput,
    @Res({ passthrough: true }) reply: ApiReply,
  ): Promise<TenantView> {
    const tenant = await this.bus.execute(new CreateTenant(actor, input));
    reply.header('location', `/${API_PREFIX}/platform/tenants/${tenant.id}`);
    return tenant;
  }

  /** List stores. Suspended and deleted ones are listed too. */
  @Get()
  @ApiPage(TenantView)
  listTenants(
    @CurrentActor() actor: Actor,
    @ListQuery(TENANTS) request: ListRequest<ListTenantsParameters>,
  ): Promise<Page<TenantView>> {
    return this.bus.execute(new ListTenants(actor, request));
  }

  /** Read a store. A deleted one can be read for ever. */
  @Get(':id')
  getTenant(@CurrentActor() actor: Actor, @IdParam('id', 'tenant') id: string): Promise<TenantView> {
    return this.bus.execute(new GetTenant(actor, id));
  }

  /** Rename a store. Its id stays; the same name changes nothing. */
  @Patch(':id')
  updateTenant(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'tenant') id: string,
    @Body() input: RenameTenantInput,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<TenantView> {
    return this.bus.execute(new RenameTenant(actor, id, { input, ifMatch }));
  }

  /** Suspend a store. Within a second every call with one of its keys is answered with 423. */
  @Post(':id/suspend')
  @HttpCode(200)
  suspendTenant(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'tenant') id: string,
    @Body() input: SuspendTenantInput,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<TenantView> {
    return this.bus.execute(new SuspendTenant(actor, id, { input, ifMatch }));
  }

  /** End a store's suspension. Its keys work again within a second. */
  @Post(':id/resume')
  @HttpCode(200)
  resumeTenant(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'tenant') id: string,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<TenantView> {
    return this.bus.execute(new ResumeTenant(actor, id, ifMatch));
  }

  /** Delete a store. Its keys stop working for ever; its rows are kept for the audit log. */
  @Delete(':id')
  deleteTenant(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'tenant') id: string,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<TenantView> {
    return this.bus.execute(new DeleteTenant(actor, id, ifMatch));
  }

  /** Replace a store's limits. They hold within a second. */
  @Put(':id/limits')
  setTenantLimits(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'tenant') id: string,
    @Body() input: SetTenantLimitsInput,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<TenantView> {
    return this.bus.execute(new SetTenantLimits(actor, id, { input, ifMatch }));
  }

  /** Set a store's share of the workers: weight, caps, pause. It holds within a second; work under way goes on. */
  @Put(':id/flow')
  setTenantFlow(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'tenant') id: string,
    @Body() input: SetTenantFlowInput,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<TenantFlowView> {
    return this.bus.execute(new SetTenantFlow(actor, id, { input, ifMatch }));
  }

  /** Issue an API key for a store, such as its first one. The answer holds the key with its secret: it is shown this once. */
  @Post(':id/api-keys')
  issueTenantApiKey(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'tenant') id: string,
    @Body() input: IssueApiKeyInput,
  ): Promise<IssuedApiKeyView> {
    return this.bus.execute(new IssueApiKey(actor, input, id));
  }

  /** Read a store's audit log. Newest first, unless sorted otherwise. */
  @Get(':id/audit-log')
  @ApiPage(AuditEntryView)
  listTenantAuditLog(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'tenant') id: string,
    @ListQuery(AUDIT_LOG) request: ListRequest,
  ): Promise<Page<AuditEntryView>> {
    return this.bus.execute(new ListAuditLog(actor, request, id));
  }
}
