import { describe, expect, it } from '@jest/globals';
import { parseWorkRef } from './work-transport.js';

const ref = {
  tenantId: '0190c2a4-0000-7000-8000-000000000001',
  taskId: '0190c2a4-0000-7000-8000-000000000002',
  dispatchNo: 3,
};

describe('a ref from the queue', () => {
  it('is read, and nothing beside it', () => {
    expect(parseWorkRef({ ...ref, kind: 'other', payload: {} })).toEqual(ref);
  });

  it.each([
    undefined,
    null,
    'text',
    7,
    [],
    {},
    { ...ref, tenantId: undefined },
    { ...ref, tenantId: ref.tenantId.toUpperCase() },
    { ...ref, taskId: `${ref.taskId}' or true` },
    { ...ref, taskId: [ref.taskId] },
    { ...ref, dispatchNo: '3' },
    { ...ref, dispatchNo: 0 },
    { ...ref, dispatchNo: 1.5 },
    { ...ref, dispatchNo: 2 ** 60 },
    { ...ref, dispatchNo: Number.NaN },
  ])('is refused when it is %j', (data) => {
    expect(parseWorkRef(data)).toBeUndefined();
  });
});
