/** What an audit row may hold: no floats, no dates, nothing that has two spellings. */
export type AuditValue =
  string | number | boolean | null | readonly AuditValue[] | { readonly [member: string]: AuditValue };

/**
 * The one JSON text of a value: members sorted by code unit, no white space (as RFC 8785 has it for these types).
 * @throws RangeError for a number that is no safe integer
 */
export function canonicalJson(value: AuditValue): string {
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`;
  }
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole number`);
  return JSON.stringify(Object.is(value, -0) ? 0 : value);
}

/** `Array.isArray` does not narrow readonly arrays. */
function isList(value: AuditValue): value is readonly AuditValue[] {
  return Array.isArray(value);
}
