const SPELLINGS = 2_000;

/** Reads each spelling once, for as many as fit: the cells of a column repeat few. What is answered must not be changed. */
export function remembering<T>(read: (text: string) => T): (text: string) => T {
  const seen = new Map<string, T>();
  return (text) => {
    const known = seen.get(text);
    if (known !== undefined) return known;
    const value = read(text);
    if (seen.size < SPELLINGS && value !== undefined) seen.set(text, value);
    return value;
  };
}
