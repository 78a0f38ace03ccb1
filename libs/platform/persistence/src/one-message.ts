import { escapeIdentifier, escapeLiteral } from 'pg';

/** Texts up to this length are written into a message: longer ones, such as lists of a bulk call, cost less bound in one of their own. */
const LONGEST = 4_096;

/** A value that can stand in the text of a statement without loss. */
export type Scalar = string | number | boolean | Date | null;

/**
 * One simple-protocol message: what goes in front, the execution of a statement prepared before, and what follows. The statement's
 * own text is not in it, and every value is a quoted literal that PostgreSQL reads as the parameter's type.
 * @returns undefined when a value cannot be written so: the caller then binds it
 */
export function oneMessage(
  front: readonly string[],
  { name, values }: { readonly name: string; readonly values: readonly unknown[] },
  after: readonly string[] = [],
): string | undefined {
  const literals = values.map(literal);
  if (literals.includes(undefined)) return undefined;
  const given = literals.length === 0 ? '' : `(${literals.join(',')})`;
  return [...front, `execute ${escapeIdentifier(name)}${given}`, ...after].join(';');
}

/** Settings of the transaction, as one statement. @returns undefined when a value cannot be written as a literal */
export function settingsSql(settings: Readonly<Record<string, string>>): string | undefined {
  const calls = Object.entries(settings).map(([name, value]) => {
    const text = literal(value);
    return text && `set_config(${escapeLiteral(name)},${text},true)`;
  });
  return calls.includes(undefined) ? undefined : `select ${calls.join(',')}`;
}

function literal(value: unknown): string | undefined {
  if (value === null) return 'null';
  if (typeof value === 'boolean' || Number.isFinite(value)) return `'${String(value)}'`;
  if (value instanceof Date) return `'${value.toISOString()}'`;
  // A NUL would end the message early; bound as a value it is refused like any other bad text.
  const isBound = typeof value !== 'string' || value.length > LONGEST || value.includes('\0');
  return isBound ? undefined : escapeLiteral(value);
}
