/**
 * docs/problems.md: every problem type, in the registry's order, with the codes that use it.
 * @param {Record<string, { status: number, title: string, help: string }>} problems
 * @param {ReadonlyMap<string, { problem: string, when: string }>} codes
 */
export function problemsPage(problems, codes) {
  const types = Object.entries(problems);
  return [
    '# Problems',
    '',
    'Every refusal and failure is answered as `application/problem+json` (RFC 9457). Rely on `type`, which says what kind of',
    'problem it is, and on `code`, which says what exactly was refused: both are never renamed. Words may change. A code says its',
    'context before the dot. `errors` lists wrong values with codes of their own, such as `required` or `whole_number`.',
    'This page is generated from the code (`npm run docs`).',
    '',
    '| type | status | title |',
    '|---|---|---|',
    ...types.map(([name, { status, title }]) => `| [\`${name}\`](#${name}) | ${status} | ${title} |`),
    '',
    ...types.flatMap(([name, problem]) => section(name, problem, codesOf(name, codes))),
  ].join('\n');
}

function codesOf(name, codes) {
  return [...codes].filter(([, { problem }]) => problem === name).sort(([a], [b]) => (a < b ? -1 : 1));
}

function section(name, { status, title, help }, codes) {
  const table = codes.map(([code, { when }]) => `| \`${code}\` | ${asSentence(when)} |`);
  return [
    `## ${name}`,
    '',
    `\`urn:recrate:problem:${name}\`, status ${status}: ${title}.`,
    '',
    help,
    '',
    ...(table.length > 0 ? ['| code | when |', '|---|---|', ...table, ''] : []),
  ];
}

function asSentence(text) {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return whole.endsWith('.') ? whole : `${whole}.`;
}
