/**
 * docs/events.md: the catalogue of events, by name.
 * @param {readonly { type: string, summary: string, schema: object, example: unknown }[]} facts
 */
export function eventsPage(facts) {
  return [
    '# Events',
    '',
    'What a store’s systems can follow: `GET /api/v1/events` with the permission `event:read` answers these in the order in which they',
    'happened. Go on from `page.nextCursor`, sent as `after`; it never gets old. With `Prefer: wait=N` the end of the feed waits up to',
    'N seconds, at most 30, for the next event. An event has an `id`, its `type`, the instants `recordedAt` and `occurredAt`, and',
    '`data` as its type says here. Within a version a type only gains members: pass over members and types that you do not know.',
    'This page is generated from the code (`npm run docs`).',
    '',
    ...(facts.length === 0 ? ['No event is published yet.', ''] : table(facts)),
    ...facts.flatMap(section),
  ].join('\n');
}

function table(facts) {
  const anchor = (type) => type.replaceAll('.', '');
  return [
    '| type | what has happened |',
    '|---|---|',
    ...facts.map(({ type, summary }) => `| [\`${type}\`](#${anchor(type)}) | ${summary} |`),
    '',
  ];
}

function section({ type, summary, schema, example }) {
  return [
    `## ${type}`,
    '',
    summary,
    '',
    '```json',
    JSON.stringify(example, null, 2),
    '```',
    '',
    'Its JSON Schema:',
    '',
    '```json',
    JSON.stringify(schema, null, 2),
    '```',
    '',
  ];
}
