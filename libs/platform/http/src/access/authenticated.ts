import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Actor } from '#platform/kernel';

/** How much a tenant and its key may ask for. */
export interface RequestLimits {
  /** Requests per minute of all keys of the tenant together. */
  readonly tenantPerMinute: number;
  /** Requests per 10 seconds of this key. */
  readonly keyPer10Seconds: number;
  /** Requests of the tenant that one api process answers at the same time. */
  readonly concurrent: number;
}

/** What a passport strategy answers: who calls, and the caller's limits (operators have none). */
export interface Authenticated {
  readonly actor: Actor;
  readonly limits?: RequestLimits;
}

/** A request as guards, interceptors and hooks see it. */
export type ApiRequest = FastifyRequest & {
  user?: Authenticated;
};

/** The answer under way. */
export type ApiReply = FastifyReply;

/** Which origins stores allow. Implemented by identity. */
export abstract class OriginPolicy {
  /** Whether some tenant lists the origin: enough to answer a preflight, which carries no credential. */
  abstract anyTenantAllows(origin: string): Promise<boolean>;
  abstract tenantAllows(tenantId: string, origin: string): Promise<boolean>;
}

/** Hears of every answered request of a known caller. Implemented by identity. */
export abstract class UsageSink {
  /** Must not throw and must not wait. */
  abstract record(actor: Actor, status: number): void;
}
