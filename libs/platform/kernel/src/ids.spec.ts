import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatId, ID_PREFIXES, type IdKind, newUuid, parseId, PLATFORM_TENANT_ID } from './ids.js';

const kinds = Object.keys(ID_PREFIXES) as IdKind[];
const kind = fc.constantFrom(...kinds);
const uuid = fc.uuid({ version: [1, 2, 3, 4, 5, 6, 7, 8] });

describe('id prefixes', () => {
  it('are those that callers know: none is renamed or dropped, and a new one is listed here', () => {
    const known = 'ten key aud usr rel cat loc itm rsv upl job bat map rpl dlq tsk sel sub pol calc ord evt cmd';
    expect(Object.values(ID_PREFIXES).sort()).toEqual(known.split(' ').sort());
  });

  it('differ from kind to kind', () => {
    expect(new Set(Object.values(ID_PREFIXES)).size).toBe(kinds.length);
  });
});

describe('typed ids', () => {
  it('give back the UUID they were made of', () => {
    fc.assert(fc.property(kind, uuid, (k, id) => expect(parseId(k, formatId(k, id))).toBe(id)));
  });

  it('hold the smallest and the largest UUID', () => {
    const largest = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
    expect(formatId('order', PLATFORM_TENANT_ID)).toBe('ord_00000000000000000000000000');
    expect(formatId('order', largest)).toBe('ord_7zzzzzzzzzzzzzzzzzzzzzzzzz');
    expect(parseId('order', formatId('order', largest))).toBe(largest);
  });

  it('agree with the published TypeID example', () => {
    expect(formatId('order', '01890a5d-ac96-774b-bcce-b302099a8057')).toBe('ord_01h455vb4pex5vsknk084sn02q');
  });

  it('sort as their UUIDs do', () => {
    fc.assert(fc.property(uuid, uuid, (a, b) => expect(formatId('job', a) < formatId('job', b)).toBe(a < b)));
  });

  it('are refused under every other kind', () => {
    fc.assert(
      fc.property(kind, kind, uuid, (k, other, id) => {
        fc.pre(k !== other);
        expect(parseId(other, formatId(k, id))).toBeUndefined();
      }),
    );
  });

  it.each([
    '',
    'ord',
    'ord_',
    'ORD_01h455vb4pex5vsknk084sn02q',
    'ord_01H455VB4PEX5VSKNK084SN02Q',
    'ord_81h455vb4pex5vsknk084sn02q',
    'ord_01h455vb4pex5vsknk084sn02',
    'ord_01h455vb4pex5vsknk084sn02qq',
    'ord_01h455vb4pex5vsknk084sn02i',
    'ord_01h455vb4pex5vsknk084sn02q\n',
    ' ord_01h455vb4pex5vsknk084sn02q',
    'ord_ord_01h455vb4pex5vsknk084sn02q',
    '01890a5d-ac96-774b-bcce-b302099a8057',
  ])('refuse the spelling %p', (text) => {
    expect(parseId('order', text)).toBeUndefined();
  });

  it('have one spelling each: whatever parses is what formatId writes', () => {
    const anything = fc.oneof(fc.string(), fc.stringMatching(/^ord_[0-9a-z]{26}$/));
    fc.assert(
      fc.property(anything, (text) => {
        const id = parseId('order', text);
        expect(id === undefined || formatId('order', id) === text).toBe(true);
      }),
    );
  });
});

describe('newUuid', () => {
  it('is a version 7 UUID of the RFC variant that carries its millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (nowMs) => {
        const id = newUuid(nowMs);
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(nowMs);
      }),
    );
  });

  it('does not repeat itself', () => {
    const ids = Array.from({ length: 10_000 }, () => newUuid(1_700_000_000_000));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('takes the present time unless given one', () => {
    const before = Date.now();
    const stamp = Number.parseInt(newUuid().replaceAll('-', '').slice(0, 12), 16);
    expect(stamp >= before && stamp <= Date.now()).toBe(true);
  });
});
