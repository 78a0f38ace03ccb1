import { type CallHandler, type ExecutionContext, HttpStatus, Injectable, type NestInterceptor } from '@nestjs/common';
import { HTTP_CODE_METADATA } from '@nestjs/common/constants.js';
import { Reflector } from '@nestjs/core';
import { from, lastValueFrom, map, mergeMap, type Observable } from 'rxjs';
import { actorRef } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import type { ApiReply, ApiRequest, Authenticated } from './access/authenticated.js';
import { etagOf } from './conditional/etag.js';
import { Consistency } from './consistency/consistency.js';
import { READS_PROJECTION } from './consistency/reads-projection.decorator.js';
import { linkHeader } from './paging/list-plan.js';
import type { PageInfo } from './paging/page.dto.js';
import { AnswerStore, type StoredAnswer } from './idempotency/answer-store.js';
import { fingerprintOf, IDEMPOTENCY, idempotencyKey, scopeOf } from './idempotency/idempotency-key.js';
import { refuseUnasked } from './validation/unasked-input.js';

/** Headers that belong to an answer and are sent again with it. */
const KEPT_HEADERS = ['location', 'etag', 'consistency-token', 'content-type'];
const JSON_TYPE = 'application/json; charset=utf-8';

/** Refuses input that a route does not take, gives versioned answers their ETag and makes keyed POSTs repeatable. */
@Injectable()
export class AnswerInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly work: UnitOfWork,
    private readonly answers: AnswerStore,
    private readonly consistency: Consistency,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<ApiRequest>();
    const reply = http.getResponse<ApiReply>();
    refuseUnasked(context, request);
    const kind = this.reflector.get<'money' | 'own' | 'judged' | undefined>(IDEMPOTENCY, context.getHandler());
    if (request.method === 'POST' && request.user && kind !== 'own') {
      const key = idempotencyKey(request.headers['idempotency-key'], kind === 'money');
      if (key !== undefined) return from(this.once(key, kind ?? 'ordinary', context, request.user, next));
    }
    return this.handled(context, next).pipe(map((body) => described(body, request, reply)));
  }

  /** The handler, after a read has waited for what its caller wrote; the answer to a write tells what to wait for. */
  private handled(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<ApiRequest>();
    const reply = context.switchToHttp().getResponse<ApiReply>();
    if (request.method !== 'GET') return from(this.consistency.told(reply, () => lastValueFrom(next.handle())));
    if (request.headers['consistency-token'] === undefined) return next.handle();
    const projections = this.reflector.get<readonly string[] | undefined>(READS_PROJECTION, context.getHandler());
    return from(this.consistency.awaited(request, reply, projections ?? [])).pipe(mergeMap(() => next.handle()));
  }

  /** Runs the handler and keeps its answer in one unit, or answers what was kept. */
  private once(
    key: string,
    kind: 'ordinary' | 'money' | 'judged',
    context: ExecutionContext,
    { actor }: Authenticated,
    next: CallHandler,
  ): Promise<string> {
    const request = context.switchToHttp().getRequest<ApiRequest>();
    const reply = context.switchToHttp().getResponse<ApiReply>();
    const route = request.routeOptions.url ?? request.url;
    const scope = scopeOf(`${actor.tenantId} ${actorRef(actor)}`, request.method, route, key);
    const fingerprint = fingerprintOf(request.url, request.body);
    const pool = actor.kind === 'operator' ? 'platform' : 'main';
    return this.work.run({ tenantId: actor.tenantId, pool, repeatable: true }, async (unit) => {
      await this.answers.claim(unit, scope);
      const kept = await this.answers.find(unit, scope, fingerprint, kind === 'judged');
      if (kept) return replay(kept, reply);
      const body = described(await lastValueFrom(this.handled(context, next)), request, reply);
      await unit.flush();
      reply.header('content-type', JSON_TYPE);
      const status =
        this.reflector.get<number | undefined>(HTTP_CODE_METADATA, context.getHandler()) ?? HttpStatus.CREATED;
      const answer = { status, headers: keptHeaders(reply), body: JSON.stringify(body) };
      await this.answers.keep(unit, scope, fingerprint, answer, kind);
      return answer.body;
    });
  }
}

function replay({ headers, body }: StoredAnswer, reply: ApiReply): string {
  reply.headers({ ...headers, 'idempotency-replayed': 'true' });
  return body;
}

function keptHeaders(reply: ApiReply): Record<string, string> {
  const present = KEPT_HEADERS.filter((name) => reply.hasHeader(name));
  return Object.fromEntries(present.map((name) => [name, String(reply.getHeader(name))]));
}

/** A body with a whole-number `version` is one version of a resource and gets its ETag; a page of a list gets its links. */
function described(body: unknown, request: ApiRequest, reply: ApiReply): unknown {
  if (typeof body !== 'object' || body === null) return body;
  const isVersioned = 'version' in body && typeof body.version === 'number' && !reply.hasHeader('etag');
  if (isVersioned) reply.header('etag', etagOf(Number(body.version)));
  if ('data' in body && isPage(body)) {
    const link = linkHeader(request.url, body.page);
    if (link !== undefined) reply.header('link', link);
  }
  return body;
}

/** A page of a list; a feed has pages of its own, without a way back. */
function isPage(body: object): body is { readonly page: PageInfo } {
  return 'page' in body && typeof body.page === 'object' && body.page !== null && 'prevCursor' in body.page;
}
