/** Joins elements of a list inside a list: a control character, which no text of the product holds and JSON leaves as it is. */
const INNER = '\x7f';
/** What JSON escapes and array literals do not know: they would read `\n` as an n. */
const JSON_ONLY = /\\[^"\\]/;

/** A list of numbers or UUIDs as PostgreSQL writes it: the driver would look for quotes in each. */
export function plainArray(values: readonly (number | string | null)[]): string {
  return `{${values.map((value) => value ?? 'null').join(',')}}`;
}

/** A list of texts as PostgreSQL writes it. Quotes and backslashes stand in JSON as in array literals, and JSON is written natively. */
export function textArray(texts: readonly (string | null)[]): string {
  const json = JSON.stringify(texts);
  if (!JSON_ONLY.test(json)) return `{${json.slice(1, -1)}}`;
  return `{${texts.map((text) => (text === null ? 'null' : `"${text.replace(/["\\]/g, '\\$&')}"`)).join(',')}}`;
}

/**
 * Lists of texts, one per row, as an array of texts: PostgreSQL has no arrays of arrays of different lengths, and reads a joined
 * text in half the time of a quoted one. The texts are not empty and hold no control characters. `innerArray` takes them apart.
 */
export function textArrays(lists: readonly (readonly string[])[]): string {
  return textArray(lists.map((texts) => joinedTexts(texts)));
}

/** One row of `textArrays`. @param mark stands before each text */
export function joinedTexts(texts: readonly string[], mark = ''): string {
  return texts.length === 0 ? '' : mark + texts.join(INNER + mark);
}

/** The SQL that makes an array of what `textArrays` joined. */
export function innerArray(expression: string): string {
  return `string_to_array(${expression}, chr(127))`;
}
