import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { idField, publishFacts } from '#platform/eventing';
import { formatId, newUuid } from '#platform/kernel';
import { eventCatalogue, wireData } from './event-wire.js';

const TYPE = 'wire.sent.v1';
const [release, item] = [newUuid(), newUuid()];

publishFacts({
  [TYPE]: {
    summary: 'Something was sent.',
    schema: z.strictObject({
      releaseId: idField('release'),
      correlation: z.string(),
      itemId: idField('stockItem').nullable(),
      lines: z.array(z.strictObject({ releaseId: idField('release'), quantity: z.int() })),
      names: z.array(idField('release')),
      counts: z.record(z.string(), z.int()),
      party: z.union([z.strictObject({ itemId: idField('stockItem') }), z.strictObject({ name: z.string() })]),
    }),
    example: {},
    from: {},
  },
});

const data = {
  releaseId: release,
  correlation: release,
  itemId: item,
  lines: [{ releaseId: release, quantity: 2 }],
  names: [release],
  counts: { [release]: 1 },
  party: { itemId: item },
};

describe('a published event on its way out', () => {
  it('has typed ids wherever its schema names a thing, and nothing else is changed', () => {
    const [rel, itm] = [formatId('release', release), formatId('stockItem', item)];
    expect(wireData(TYPE, data)).toEqual({
      releaseId: rel,
      correlation: release,
      itemId: itm,
      lines: [{ releaseId: rel, quantity: 2 }],
      names: [rel],
      counts: { [release]: 1 },
      party: { itemId: itm },
    });
    expect(wireData(TYPE, { ...data, itemId: null, party: { name: item } })).toMatchObject({
      itemId: null,
      party: { name: item },
    });
  });

  it('is told of in the catalogue as it is sent, open to members that come later', () => {
    const schema = JSON.stringify(eventCatalogue().find(({ type }) => type === TYPE)?.schema);
    expect(schema).toContain('"pattern":"^rel_');
    expect(schema).toContain('"pattern":"^itm_');
    for (const word of ['additionalProperties":false', '"uuid"', '$schema', 'x-id-kind']) {
      expect(schema).not.toContain(word);
    }
  });
});
