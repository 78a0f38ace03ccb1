/** Characters that make spreadsheets take a cell for a formula (OWASP, CSV injection). */
const FORMULA = /^[=+\-@\t\r]/;

/** A line of CSV (RFC 4180). A text that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay. */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`;
}

function cellOf(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
