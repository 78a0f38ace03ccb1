import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type AuditLink, CHAIN_START, linkHash, verifyAuditChain, verifyAuditHead } from './audit-chain.js';
import { canonicalJson } from './canonical-json.js';

function chainOf(count: number): AuditLink[] {
  const links: AuditLink[] = [];
  for (let seq = 1; seq <= count; seq++) {
    const link = {
      tenantId: '01a1f8ce-7454-7226-a737-5011a9d21845',
      seq: String(seq),
      id: `01a1f8ce-7454-7226-a737-${String(seq).padStart(12, '0')}`,
      at: `2026-11-20T12:00:${String(seq).padStart(2, '0')}.000Z`,
      actor: '{"id":null,"kind":"operator","name":"operator"}',
      action: 'tenant.renamed',
      subject: 'ten_01',
      details: `{"from":"a${seq}"}`,
      prevHash: links.at(-1)?.hash ?? CHAIN_START.hash,
    };
    links.push({ ...link, hash: linkHash({ ...link, hash: '' }) });
  }
  return links;
}

const chain = chainOf(6);
const columns = Object.keys(chain[0] ?? {}) as (keyof AuditLink)[];

describe('the hash chain of the audit log', () => {
  test('an untouched chain holds, in one piece or in pages', () => {
    const whole = verifyAuditChain(chain);
    expect(whole).toEqual({ end: { seq: 6, hash: chain[5]?.hash } });
    const firstPage = verifyAuditChain(chain.slice(0, 4));
    expect(verifyAuditChain(chain.slice(4), firstPage.end)).toEqual(whole);
  });

  test('an empty chain holds', () => {
    expect(verifyAuditChain([])).toEqual({ end: CHAIN_START });
    expect(verifyAuditHead(CHAIN_START, undefined)).toBeUndefined();
  });

  test.each(columns)('a changed letter in %s names the row it stands in', (column) => {
    fc.assert(
      fc.property(fc.nat(5), fc.nat(200), (index, position) => {
        const altered = chain.map((link, i) =>
          i === index ? { ...link, [column]: flip(link[column], position) } : link,
        );
        expect(verifyAuditChain(altered).broken?.seq).toBe(index + 1);
      }),
    );
  });

  test('a row that was rewritten with a hash of its own breaks the row after it', () => {
    const rewritten = chain.map((link) =>
      link.seq === '3' ? rehash({ ...link, details: '{"from":"forged"}' }) : link,
    );
    expect(verifyAuditChain(rewritten).broken).toEqual({ seq: 4, id: chain[3]?.id, problem: 'detached' });
  });

  test('a removed row is missing, wherever it stood', () => {
    for (const gone of [1, 3, 6]) {
      const { end, broken } = verifyAuditChain(chain.filter((link) => link.seq !== String(gone)));
      const found = broken ?? verifyAuditHead(end, { seq: 6, hash: chain[5]?.hash ?? '' });
      expect(found).toEqual({ seq: gone, id: null, problem: 'missing' });
    }
  });

  test('two rows that changed places are noticed at the first of them', () => {
    const [, second, , fourth] = chain;
    if (!second || !fourth) throw new Error('the chain has six rows');
    const swapped = chain.map((link) => {
      if (link === second) return { ...fourth, seq: second.seq };
      return link === fourth ? { ...second, seq: fourth.seq } : link;
    });
    expect(verifyAuditChain(swapped).broken).toEqual({ seq: 2, id: fourth.id, problem: 'altered' });
  });

  test('a head that does not name the last row is noticed', () => {
    const { end } = verifyAuditChain(chain);
    expect(verifyAuditHead(end, end)).toBeUndefined();
    expect(verifyAuditHead(end, undefined)).toEqual({ seq: 6, id: null, problem: 'head' });
    expect(verifyAuditHead(end, { seq: 6, hash: 'f'.repeat(64) })).toEqual({ seq: 6, id: null, problem: 'head' });
    expect(verifyAuditHead(end, { seq: 5, hash: chain[4]?.hash ?? '' })).toEqual({ seq: 6, id: null, problem: 'head' });
  });
});

describe('canonical JSON', () => {
  test('does not depend on the order of members and reads back as the same value', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.maxSafeInteger(), fc.boolean())), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('has one spelling of zero and none of a fraction', () => {
    expect(canonicalJson({ b: [1, null, 'x'], a: -0 })).toBe('{"a":0,"b":[1,null,"x"]}');
    expect(() => canonicalJson(0.5)).toThrow(RangeError);
  });
});

/** Another letter in the same place; hex stays hex. */
function flip(text: string, position: number): string {
  const index = position % text.length;
  return text.slice(0, index) + (text[index] === '1' ? '2' : '1') + text.slice(index + 1);
}

function rehash(link: AuditLink): AuditLink {
  return { ...link, hash: linkHash(link) };
}
