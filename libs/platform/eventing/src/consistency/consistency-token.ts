/** Opaque to callers: a version of this very form, and a position. */
const FORM = /^1\.([0-9a-z]{1,11})$/;
/** Longest wait that a caller can ask for: beyond it a proxy may have hung up. */
const MAX_WAIT_MS = 30_000;

/** What a command answers so that a later read can wait for what it wrote: the last position of its append. */
export function consistencyToken(position: number): string {
  return Buffer.from(`1.${position.toString(36)}`).toString('base64url');
}

/** The position a token stands for; undefined for what is no token. */
export function readConsistencyToken(token: string): number | undefined {
  const digits = FORM.exec(Buffer.from(token, 'base64url').toString('latin1'))?.[1];
  const position = Number.parseInt(digits ?? '', 36);
  // Buffer skips what is not base64url, so the spelling is compared as well.
  return Number.isSafeInteger(position) && consistencyToken(position) === token ? position : undefined;
}

/** How long `Prefer: wait=N` (RFC 7240) asks to wait, in ms: at most 30 s; 0 where it does not ask. */
export function waitMsOf(prefer: string | undefined): number {
  const seconds = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})"?(?=$|[,;\s])/i.exec(prefer ?? '')?.[1];
  return Math.min(MAX_WAIT_MS, Number(seconds ?? 0) * 1_000);
}
