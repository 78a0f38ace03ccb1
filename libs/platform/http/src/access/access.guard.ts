import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { setContext } from '#platform/telemetry';
import { actorMay, actorRef, DomainError } from '#platform/kernel';
import { httpErrors } from '../http.errors.js';
import { RequestLimiter } from '../limits/request-limiter.js';
import { type Access, ACCESS } from './access.decorators.js';
import { type ApiReply, type ApiRequest, OriginPolicy } from './authenticated.js';

const KeyGuard = AuthGuard('api-key');
const OperatorGuard = AuthGuard('operator');
const OPERATOR_TOKEN = /^Bearer +op_/i;

/** The one guard of every route: who calls, may they, from that origin, and not too often. */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly byKey = new KeyGuard();
  private readonly asOperator = new OperatorGuard();

  constructor(
    private readonly reflector: Reflector,
    private readonly limiter: RequestLimiter,
    private readonly origins: OriginPolicy,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access?.kind === 'public') return true;
    const request = context.switchToHttp().getRequest<ApiRequest>();
    await this.authenticate(context, request);
    const { user } = request;
    if (!access || !user) throw unauthenticated();
    setContext({ tenantId: user.actor.tenantId, actor: actorRef(user.actor) });
    await this.limiter.admit(user, context.switchToHttp().getResponse<ApiReply>());
    if (access.kind === 'permission' && !actorMay(user.actor, access.permission)) {
      throw httpErrors.forbidden(`The credential lacks the permission ${access.permission}.`, {
        permission: access.permission,
      });
    }
    await this.checkOrigin(request, user.actor.tenantId);
    return true;
  }

  private async authenticate(context: ExecutionContext, request: ApiRequest): Promise<void> {
    const { authorization } = request.headers;
    const guard = authorization && OPERATOR_TOKEN.test(authorization) ? this.asOperator : this.byKey;
    try {
      if (!authorization) throw unauthenticated();
      await guard.canActivate(context);
    } catch (error) {
      const refusal = error instanceof DomainError ? error : asRefusal(error);
      if (refusal.problem === 'unauthenticated') await this.limiter.countFailure(request);
      throw refusal;
    }
  }

  /**
   * A browser sends Origin; scripts and servers do not, and are not bound by it. Our own pages (the documentation) are no other
   * site: `Sec-Fetch-Site` is set by the browser itself, no page can choose it.
   */
  private async checkOrigin(request: ApiRequest, tenantId: string): Promise<void> {
    const { origin, 'sec-fetch-site': site } = request.headers;
    if (origin === undefined || site === 'same-origin' || (await this.origins.tenantAllows(tenantId, origin))) return;
    throw httpErrors.origin_not_allowed('The store does not allow requests from this origin.');
  }
}

function unauthenticated(): DomainError {
  return httpErrors.unauthenticated('Send a valid key as Authorization: Bearer <key>.');
}

/** Passport says "no" with an UnauthorizedException of its own; anything else is a fault of ours. */
function asRefusal(error: unknown): DomainError {
  if (error instanceof Error && 'status' in error && error.status === 401) return unauthenticated();
  throw error;
}
