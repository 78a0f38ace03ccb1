import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { currentContext, newTraceId, runInContext, setContext, traceIdOf } from './context.js';

describe('given work in a context', () => {
  it('then all it starts sees the context, and facts learnt on the way', async () => {
    const seen = await runInContext({ requestId: 'r-1', traceId: newTraceId() }, async () => {
      await sleep(1);
      setContext({ tenantId: 't-1', actor: 'key:1' });
      await Promise.all([sleep(1), sleep(2)]);
      return { ...currentContext() };
    });
    expect(seen).toMatchObject({ requestId: 'r-1', tenantId: 't-1', actor: 'key:1' });
  });

  it('then concurrent works do not see each other', async () => {
    const works = Array.from({ length: 50 }, (_, i) =>
      runInContext({ requestId: `r-${i}`, traceId: newTraceId() }, async () => {
        setContext({ tenantId: `t-${i}` });
        await sleep(i % 7);
        return `${currentContext()?.requestId} ${currentContext()?.tenantId}`;
      }),
    );
    expect(await Promise.all(works)).toEqual(works.map((_, i) => `r-${i} t-${i}`));
  });

  it('then outside of it there is none, and facts go nowhere', () => {
    setContext({ tenantId: 't' });
    expect(currentContext()).toBeUndefined();
  });
});

describe('given a correlation id', () => {
  it('then a UUID or 32 hex digits are the trace id, anything else is hashed', () => {
    expect(traceIdOf('0190F3A2-1234-7123-8123-123456789012')).toBe('0190f3a2123471238123123456789012');
    expect(traceIdOf('a'.repeat(32))).toBe('a'.repeat(32));
    expect(traceIdOf('order-17')).toMatch(/^[0-9a-f]{32}$/);
    expect(traceIdOf('0'.repeat(32))).not.toBe('0'.repeat(32));
    expect(traceIdOf('order-17')).toBe(traceIdOf('order-17'));
  });
});
