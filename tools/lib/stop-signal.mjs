/** The terminal and npm both pass on one Ctrl-C; what follows this closely is the same one. */
const SAME_PRESS_MS = 700;

/**
 * Listens for the wish to stop.
 * @returns {{ asked: Promise<void>, hurry: AbortSignal }} `asked` settles on the first Ctrl-C, SIGTERM or hang-up;
 *   `hurry` aborts on the second
 */
export function untilToldToStop() {
  const hurry = new AbortController();
  let askedAt;
  const asked = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => {
        if (askedAt === undefined) {
          askedAt = performance.now();
          resolve();
        } else if (performance.now() - askedAt > SAME_PRESS_MS) hurry.abort();
      });
    }
  });
  // A terminal that is gone must not kill the launcher before it has stopped the parts.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  return { asked, hurry: hurry.signal };
}
