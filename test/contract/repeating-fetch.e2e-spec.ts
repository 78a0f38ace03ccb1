import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { type Repeating, repeatingFetch } from '../../tools/client/repeating-fetch.js';

interface Sent {
  readonly headers: Headers;
  readonly body: string;
  readonly atMs: number;
}

type Outcome = { readonly status: number; readonly retryAfter?: string } | Error | 'hang';

/** A fetch that meets the outcomes one after the other, and what was sent. */
function scripted(outcomes: Outcome[], options: Partial<Repeating> = {}) {
  const sent: Sent[] = [];
  const waiting = [...outcomes];
  const send = async (request: Request): Promise<Response> => {
    sent.push({ headers: request.headers, body: await request.text(), atMs: performance.now() });
    const outcome = waiting.shift() ?? { status: 200 };
    if (outcome instanceof Error) throw outcome;
    if (outcome === 'hang') {
      return new Promise((_, reject) =>
        request.signal.addEventListener('abort', () => reject(request.signal.reason as Error)),
      );
    }
    const { status, retryAfter } = outcome;
    return new Response(status === 204 ? null : '{}', {
      status,
      headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
    });
  };
  const call = repeatingFetch({ credential: 'rk_test_x', fetch: send, ...options });
  return { sent, call: (init: RequestInit = {}) => call(new Request('http://api.example/things', init)) };
}

const network = new TypeError('fetch failed');
const soon = { status: 503, retryAfter: '0' };

describe('repeatingFetch', () => {
  it('sends the credential, and the same key and body with every attempt', async () => {
    const { sent, call } = scripted([soon, network, soon]);
    expect((await call({ method: 'POST', body: '{"name":"x"}' })).status).toBe(200);
    expect(sent.map(({ body }) => body)).toEqual(Array(4).fill('{"name":"x"}'));
    expect(new Set(sent.map(({ headers }) => headers.get('idempotency-key'))).size).toBe(1);
    expect(new Set(sent.map(({ headers }) => headers.get('authorization')))).toEqual(new Set(['Bearer rk_test_x']));
  });

  it('keeps a key that was given', async () => {
    const { sent, call } = scripted([]);
    await call({ method: 'POST', headers: { 'idempotency-key': 'mine' } });
    expect(sent[0]?.headers.get('idempotency-key')).toBe('mine');
  });

  it('sends a merge patch with PATCH and no key with anything but POST', async () => {
    const { sent, call } = scripted([]);
    await call({ method: 'PATCH', body: '{}', headers: { 'content-type': 'application/json' } });
    expect(sent[0]?.headers.get('content-type')).toBe('application/merge-patch+json');
    expect(sent[0]?.headers.has('idempotency-key')).toBe(false);
  });

  it('sends bytes with PATCH as what they are', async () => {
    const { sent, call } = scripted([]);
    const type = 'application/offset+octet-stream';
    await call({ method: 'PATCH', body: 'x', headers: { 'content-type': type } });
    expect(sent[0]?.headers.get('content-type')).toBe(type);
  });

  it.each<[string, string, Outcome, number]>([
    ['GET', '503', soon, 2],
    ['GET', '503 without Retry-After', { status: 503 }, 2],
    ['GET', '429', { status: 429, retryAfter: '0' }, 2],
    ['POST', '409 while another attempt runs', { status: 409, retryAfter: '0' }, 2],
    ['POST', '409 of the state', { status: 409 }, 1],
    ['GET', '500', { status: 500 }, 1],
    ['GET', '404', { status: 404 }, 1],
    ['PUT', '503', soon, 1],
    ['PATCH', '429', { status: 429, retryAfter: '0' }, 1],
    ['DELETE', '503', soon, 1],
  ])('after %s and %s', async (method, _, outcome, attempts) => {
    const { sent, call } = scripted([outcome], { mostAttempts: 3 });
    await call({ method });
    expect(sent).toHaveLength(attempts);
  });

  it('gives up after the most attempts, with the last answer or failure', async () => {
    const answered = scripted(Array(9).fill(soon), { mostAttempts: 3 });
    expect([(await answered.call()).status, answered.sent.length]).toEqual([503, 3]);
    const failed = scripted(Array(9).fill(network), { mostAttempts: 2 });
    await expect(failed.call()).rejects.toBe(network);
    expect(failed.sent).toHaveLength(2);
  });

  it('waits until the date that Retry-After names', async () => {
    const date = new Date(Date.now() + 2_000).toUTCString();
    const { sent, call } = scripted([{ status: 503, retryAfter: date }]);
    await call();
    expect((sent[1]?.atMs ?? 0) - (sent[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(900);
  });

  it('does not wait longer than it was told to', async () => {
    const { sent, call } = scripted([{ status: 429, retryAfter: '31' }]);
    expect([(await call()).status, sent.length]).toEqual([429, 1]);
  });

  it('stops waiting when the caller does', async () => {
    const { sent, call } = scripted([{ status: 503, retryAfter: '20' }]);
    const stop = new AbortController();
    const waiting = call({ signal: stop.signal });
    setTimeout(() => stop.abort(new Error('enough')), 50);
    await expect(waiting).rejects.toThrow('enough');
    expect(sent).toHaveLength(1);
  });

  it('leaves an attempt that hangs and makes another one', async () => {
    const { sent, call } = scripted(['hang'], { attemptTimeoutMs: 50 });
    expect([(await call()).status, sent.length]).toEqual([200, 2]);
  });

  it('leaves it as well when memory was cleaned up in the meantime', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { sent, call } = scripted(['hang'], { attemptTimeoutMs: 200 });
    const answer = call();
    await new Promise((resolve) => setTimeout(resolve, 50));
    collect();
    expect([(await answer).status, sent.length]).toEqual([200, 2]);
  });

  it('does not begin when the caller has stopped already', async () => {
    const { sent, call } = scripted([]);
    await expect(call({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    expect(sent).toEqual([]);
  });
});
