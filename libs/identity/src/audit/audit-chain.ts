import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.js';

/** An audit row, every column as the text the hash covers: `actor` and `details` byte for byte as they are stored. */
export interface AuditLink {
  readonly tenantId: string;
  /** 1, 2, 3 ... without a gap. */
  readonly seq: string;
  readonly id: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly details: string;
  /** Hex. */
  readonly prevHash: string;
  /** Hex. */
  readonly hash: string;
}

/** A place in a chain: the number and hash of its row. */
export interface ChainAnchor {
  readonly seq: number;
  readonly hash: string;
}

/** Before the first row. */
export const CHAIN_START: ChainAnchor = { seq: 0, hash: '0'.repeat(64) };

/** The first place where a chain does not hold. */
export interface BrokenLink {
  readonly seq: number;
  /** Id of the row, where there is one. */
  readonly id: string | null;
  /** `altered`: a column differs from what was hashed. `missing`: no row has this number. `detached`: it does not continue the row before. `head`: the noted end of the chain is another. */
  readonly problem: 'altered' | 'missing' | 'detached' | 'head';
}

/** SHA-256 over the previous hash and the canonical JSON of all other columns, as hex. */
export function linkHash({ hash: _, prevHash, ...columns }: AuditLink): string {
  return createHash('sha256').update(Buffer.from(prevHash, 'hex')).update(canonicalJson(columns)).digest('hex');
}

/** Walks rows in order of `seq` from a place that is known to hold; answers the place reached and the first broken link. */
export function verifyAuditChain(
  links: readonly AuditLink[],
  from: ChainAnchor = CHAIN_START,
): { readonly end: ChainAnchor; readonly broken?: BrokenLink } {
  let end = from;
  for (const link of links) {
    const broken = problemOf(link, end);
    if (broken) return { end, broken };
    end = { seq: end.seq + 1, hash: link.hash };
  }
  return { end };
}

/** Whether the noted head is the row where the chain ends. */
export function verifyAuditHead(end: ChainAnchor, head: ChainAnchor | undefined): BrokenLink | undefined {
  const noted = head ?? CHAIN_START;
  if (noted.seq > end.seq) return { seq: end.seq + 1, id: null, problem: 'missing' };
  if (noted.seq === end.seq && noted.hash === end.hash) return undefined;
  return { seq: end.seq, id: null, problem: 'head' };
}

function problemOf(link: AuditLink, before: ChainAnchor): BrokenLink | undefined {
  const seq = before.seq + 1;
  if (link.seq !== String(seq)) return { seq, id: null, problem: 'missing' };
  if (linkHash(link) !== link.hash) return { seq, id: link.id, problem: 'altered' };
  if (link.prevHash !== before.hash) return { seq, id: link.id, problem: 'detached' };
  return undefined;
}
