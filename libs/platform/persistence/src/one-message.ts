import { escapeIdentifier, escapeLiteral } from 'pg';

/** A value that can stand in the text of a statement without loss. */
export type Scalar = string | number | boolean | Date | null;

/**
 * One simple-protocol message that begins a transaction, executes a statement prepared before, and commits. The statement's own
 * text is not in it, and every value is a quoted literal that PostgreSQL reads as the parameter's type.
 * @returns undefined when a value cannot be written so: the caller then binds it
 */
export function oneMessage(opening: string, name: string, values: readonly Scalar[]): string | undefined {
  const literals = values.map(literal);
  if (literals.includes(undefined)) return undefined;
  const given = literals.length === 0 ? '' : `(${literals.join(',')})`;
  return `${opening};execute ${escapeIdentifier(name)}${given};commit`;
}

function literal(value: Scalar): string | undefined {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return `'${value}'`;
  if (typeof value === 'number') return Number.isFinite(value) ? `'${value}'` : undefined;
  if (value instanceof Date) return `'${value.toISOString()}'`;
  // A NUL would end the message early; bound as a value it is refused like any other bad text.
  return typeof value === 'string' && !value.includes('\0') ? escapeLiteral(value) : undefined;
}
