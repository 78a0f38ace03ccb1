import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/**
 * What happens to one request. `pass`: nothing. `drop`: the connection breaks before the request arrives. `lose`: it is
 * answered, and the answer is lost on the way. Else: somebody on the way answers this.
 */
export type Fate = 'pass' | 'drop' | 'lose' | { readonly status: number; readonly retryAfter?: string };

/** A request as it came by. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly key: string | undefined;
  readonly fate: Fate;
}

/** Stands between a client and the api; each request meets the next fate of the list, then they pass. */
export interface FlakyProxy {
  readonly url: string;
  readonly seen: Seen[];
  close(): Promise<void>;
}

/** Starts one. */
export async function startFlakyProxy(target: string, fates: Fate[]): Promise<FlakyProxy> {
  const waiting = [...fates];
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const fate = waiting.shift() ?? 'pass';
    const { method = '', url = '', headers } = request;
    seen.push({ method, path: url, key: headers['idempotency-key'] as string | undefined, fate });
    void meet(fate, target, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function meet(fate: Fate, target: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (fate === 'drop') return void request.socket.destroy();
  const body = await buffer(request);
  if (typeof fate === 'object') {
    const { status, retryAfter } = fate;
    response.writeHead(status, {
      'content-type': 'text/html',
      ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
    });
    return void response.end('<h1>from the proxy</h1>');
  }
  const headers = Object.entries(request.headers).filter(
    ([name]) => !['host', 'connection', 'content-length'].includes(name),
  );
  const answer = await fetch(`${target}${request.url}`, {
    method: request.method ?? 'GET',
    headers: headers.map(([name, value]): [string, string] => [name, String(value)]),
    ...(body.length > 0 && { body }),
  });
  const text = await answer.text();
  if (fate === 'lose') return void request.socket.destroy();
  const sent = [...answer.headers].filter(
    ([name]) => !['content-encoding', 'content-length', 'transfer-encoding', 'connection'].includes(name),
  );
  response.writeHead(answer.status, Object.fromEntries(sent));
  response.end(text);
}
