import { Injectable } from '@nestjs/common';
import { type KeyActor, type DomainError } from '#platform/kernel';
import { platformKey, tenantKey } from '#platform/persistence';
import type { ApiReply, ApiRequest, Authenticated, RequestLimits } from '../access/authenticated.js';
import { httpErrors } from '../http.errors.js';
import { addressBucket } from './client-address.js';
import type { Bucket, Verdict } from './bucket.js';
import { RateLimiter } from './rate-limiter.js';

const MINUTE_MS = 60_000;
/** A key's window is short: it evens out bursts, the tenant's bounds the whole (API conventions, rate limits). */
const KEY_WINDOW_MS = 10_000;
/** Refused credentials per address and minute: far above a clumsy script, far below a guessing one. */
const FAILURES_PER_MINUTE = 60;
const POLICIES = ['tenant', 'key'] as const;

/** Holds every authenticated request to the limits of its tenant and key, and says so in the RateLimit headers. */
@Injectable()
export class RequestLimiter {
  private readonly running = new Map<string, number>();

  constructor(private readonly limiter: RateLimiter) {}

  /** @throws http.quota_exceeded, http.too_many_concurrent */
  async admit({ actor, limits }: Authenticated, reply: ApiReply): Promise<void> {
    if (!limits || actor.kind !== 'key') return;
    const verdict = await this.limiter.consume(bucketsOf(actor, limits));
    describe(reply, limits, verdict);
    if (!verdict.allowed) throw exceeded(verdict);
    this.takeSlot(reply, actor.tenantId, limits.concurrent);
  }

  /** Counts a refused credential against its address. @throws http.quota_exceeded when it has guessed too often */
  async countFailure(request: ApiRequest): Promise<void> {
    const key = platformKey('refused', addressBucket(request.ip));
    const verdict = await this.limiter.consume([{ key, limit: FAILURES_PER_MINUTE, windowMs: MINUTE_MS }]);
    if (verdict.allowed) return;
    throw httpErrors.quota_exceeded('Too many refused credentials from this address.', {
      violatedPolicies: ['address'],
      retryAfterSeconds: seconds(verdict.states[0]?.resetMs ?? MINUTE_MS),
    });
  }

  /** Answered, failed or hung up: the socket's `close` gives the slot back. */
  private takeSlot(reply: ApiReply, tenantId: string, most: number): void {
    const running = this.running.get(tenantId) ?? 0;
    if (running >= most) {
      throw httpErrors.too_many_concurrent(`${most} requests of this store are being answered already.`, {
        retryAfterSeconds: 1,
      });
    }
    this.running.set(tenantId, running + 1);
    reply.raw.once('close', () => {
      const left = (this.running.get(tenantId) ?? 1) - 1;
      if (left > 0) this.running.set(tenantId, left);
      else this.running.delete(tenantId);
    });
  }
}

function bucketsOf(actor: KeyActor, limits: RequestLimits): Bucket[] {
  return [
    { key: tenantKey(actor, 'rate'), limit: limits.tenantPerMinute, windowMs: MINUTE_MS },
    { key: tenantKey(actor, 'rate', actor.keyId), limit: limits.keyPer10Seconds, windowMs: KEY_WINDOW_MS },
  ];
}

/** RateLimit and RateLimit-Policy as in the IETF draft 10: all policies, and the state of the tightest. */
function describe(reply: ApiReply, limits: RequestLimits, { states }: Verdict): void {
  const [tenant, key] = states;
  if (!tenant || !key) return;
  const [name, state] = key.remaining <= tenant.remaining ? ['key', key] : ['tenant', tenant];
  reply.header('ratelimit-policy', `"tenant";q=${limits.tenantPerMinute};w=60, "key";q=${limits.keyPer10Seconds};w=10`);
  reply.header('ratelimit', `"${String(name)}";r=${state.remaining};t=${seconds(state.resetMs)}`);
}

function exceeded({ states }: Verdict): DomainError {
  const violatedPolicies = POLICIES.filter((_, index) => states[index]?.remaining === 0);
  const waitMs = Math.max(...states.filter((state) => state.remaining === 0).map((state) => state.resetMs));
  return httpErrors.quota_exceeded('The limit of requests is used up.', {
    violatedPolicies,
    retryAfterSeconds: seconds(waitMs),
  });
}

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));
