/** Names a stream: whose it is, what kind of thing it tells of, and which. */
export interface StreamId {
  readonly tenantId: string;
  /** The decider's category. */
  readonly category: string;
  /** UUID of the thing; unique within the tenant over all categories. */
  readonly id: string;
}

/** Which version a stream must have for an append: that one, none at all, any, or any but none. */
export type ExpectedVersion = number | 'none' | 'any' | 'exists';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const CATEGORY = /^[a-z][a-z0-9]*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;

/** Names a stream. @throws Error for ids that are no lower-case UUIDs and categories that are no dotted words */
export function streamId(category: string, tenantId: string, id: string): StreamId {
  if (!CATEGORY.test(category)) throw new Error(`${category} is no category: use words such as inventory.item`);
  if (!UUID.test(tenantId) || !UUID.test(id))
    throw new Error('a stream is named by the UUIDs of its tenant and its thing');
  return { category, tenantId, id };
}

/** The number by which the append functions know a mode: null any, -1 exists, 0 none. */
export function expectedNumber(expected: ExpectedVersion): number | null {
  if (expected === 'any') return null;
  if (expected === 'exists') return -1;
  if (expected === 'none') return 0;
  if (!Number.isSafeInteger(expected) || expected < 0)
    throw new RangeError('an expected version is a whole number from 0');
  return expected;
}
