/** A name longer than this is not repeated in an answer; the pointer then ends at the object that holds it. */
const LONGEST_NAME = 64;

/**
 * RFC 6901 pointer along names and indexes. It stops before a name that is unknown, very long or has unusual characters: an
 * answer stays small and never carries a caller's text back beyond plain names.
 */
export function pointerTo(path: readonly (string | number | undefined)[]): string {
  let pointer = '';
  for (const step of path) {
    if (step === undefined || (typeof step === 'string' && !isRepeatable(step))) break;
    pointer += `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`;
  }
  return pointer;
}

function isRepeatable(name: string): boolean {
  return name.length <= LONGEST_NAME && /^[^\p{C}\p{Z}<>&]*$/u.test(name);
}

/** Line and column of an index, both from 1; columns count UTF-16 units. */
export function placeIn(text: string, index: number): string {
  const before = text.slice(0, index);
  let line = 1;
  let lineStart = 0;
  for (let next = before.indexOf('\n'); next !== -1; next = before.indexOf('\n', lineStart)) {
    line++;
    lineStart = next + 1;
  }
  return `line ${line}, column ${index - lineStart + 1}`;
}
