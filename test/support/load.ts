/** Calls without pause. */
export interface Load {
  /** From now on the api may refuse connections and close those that are kept. */
  allowRefusals(): void;
  stop(): Promise<{ done: number; refused: number; failed: string[] }>;
}

/** Ten clients that call without pause, on connections that they keep, and stop when they are refused. */
export function hammer(call: () => Promise<{ readonly status: number }>): Load {
  const result = { done: 0, refused: 0, failed: [] as string[] };
  let mayRefuse = false;
  const clients = Array.from({ length: 10 }, async () => {
    for (;;) {
      const outcome = await call().then(
        ({ status }) => status,
        (error: Error) => codeOf(error),
      );
      if (outcome === 200) result.done += 1;
      else if (mayRefuse && (outcome === 'ECONNREFUSED' || outcome === 'closed')) return void (result.refused += 1);
      else return void result.failed.push(String(outcome));
    }
  });
  return { allowRefusals: () => void (mayRefuse = true), stop: async () => (await Promise.all(clients), result) };
}

/** `closed`: the connection that was kept had been closed when the request was written. */
function codeOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNRESET' || code === 'EPIPE' ? 'closed' : (code ?? String(error));
}
