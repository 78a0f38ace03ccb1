import { Inject, Injectable } from '@nestjs/common';
import { Appends, consistencyToken, readConsistencyToken, ReadModelWaits, waitMsOf } from '#platform/eventing';
import type { ApiReply, ApiRequest } from '../access/authenticated.js';
import { invalidParameters } from '../validation/dto-reader.js';

/** Read your writes: tokens for what a request has appended, and reads that wait for them. */
@Injectable()
export class Consistency {
  constructor(
    @Inject(Appends) private readonly appends: Appends,
    @Inject(ReadModelWaits) private readonly waits: ReadModelWaits,
  ) {}

  /** Runs a writing handler; where it appends events the answer gets their token. */
  async told<T>(reply: ApiReply, handler: () => Promise<T>): Promise<T> {
    const { value, lastPosition } = await this.appends.followed(handler);
    if (lastPosition !== undefined) reply.header('consistency-token', consistencyToken(lastPosition));
    return value;
  }

  /**
   * Before a read: waits until the projections have come as far as the token that was sent, for as long as `Prefer` says. What
   * is read then is answered in any case; `Read-Consistency` says whether the token's events are in it.
   * @throws http.invalid_parameter for what is no token
   */
  async awaited({ headers }: ApiRequest, reply: ApiReply, projections: readonly string[]): Promise<void> {
    const token = headers['consistency-token'];
    if (token === undefined) return;
    const position = typeof token === 'string' ? readConsistencyToken(token) : undefined;
    if (position === undefined) throw noToken();
    if (projections.length === 0) return;
    const waitMs = waitMsOf(String(headers.prefer));
    const reached = await Promise.all(projections.map((name) => this.waits.until(name, position, waitMs)));
    const isReached = reached.every(Boolean);
    reply.header('read-consistency', isReached ? 'reached' : 'behind');
    if (isReached && waitMs > 0) reply.header('preference-applied', `wait=${waitMs / 1_000}`);
  }
}

function noToken(): Error {
  const message = 'This value must be a Consistency-Token that an answer had.';
  return invalidParameters([{ pointer: 'Consistency-Token', code: 'consistency_token', message }]);
}
