import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { EventRegistry, streamId } from '../../../dist/libs/platform/eventing/src/index.js';

export const tenantId = randomUUID();
export const TYPE = 'bench.stock-received';
const STREAMS_PER_LANE = 100;

/** 230 bytes, with 150 bytes of the metadata below. */
export const data = {
  sku: 'LP-00012345',
  quantity: 3,
  location: 'A-12',
  grade: 'VG+',
  price: { amount: 1299, currency: 'EUR' },
  reason: 'received, checked and cleaned',
  by: randomUUID(),
  source: randomUUID(),
};
export const event = { type: TYPE, data };

/** What a request leaves in the metadata of its events. */
export const context = {
  requestId: randomUUID(),
  traceId: '0af7651916cd43dd8448eb211c80319c',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  actor: `key:${randomUUID()}`,
};
export const meta = { correlation: context.requestId, actor: context.actor, traceparent: context.traceparent };

/** A stock item: the last of everything and the sum of quantities. */
export const stock = {
  category: 'bench.stock',
  initial: { quantity: 0, received: 0 },
  evolve: ({ quantity, received }, { data: { sku, location, grade, price, ...rest } }) => {
    return { sku, location, grade, price, quantity: quantity + rest.quantity, received: received + 1 };
  },
};
export const documented = { ...stock, document: { schema: 1, every: 1 } };

export function registry() {
  const made = new EventRegistry();
  defineIn(made);
  return made;
}

/** Registers the one type of event. */
export function defineIn(made) {
  const [text, price] = [z.string(), z.strictObject({ amount: z.int(), currency: z.string() })];
  const schema = z.strictObject({
    sku: text,
    quantity: z.int(),
    location: text,
    grade: text,
    price,
    reason: text,
    by: text,
    source: text,
  });
  made.define({ [TYPE]: { version: 1, schema } });
}

export const newStream = () => ({ stream: streamId(stock.category, tenantId, randomUUID()), version: 0 });

/** Streams of each lane in turn, with the version each has. */
export function streamsOf(lanes) {
  const all = Array.from({ length: lanes }, () => ({
    turn: 0,
    streams: Array.from({ length: STREAMS_PER_LANE }, newStream),
  }));
  return (lane) => {
    const own = all[lane];
    own.turn += 1;
    return own.streams[own.turn % STREAMS_PER_LANE];
  };
}
