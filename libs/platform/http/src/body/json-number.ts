/**
 * Whether reading a literal makes another number of it that could pass for what was meant: beyond the safe integers (2^53 as
 * well as 1e400), -0, or a fraction that lands on a whole number (9007199254740990.7, 1e-400).
 */
export function changesWhenRead(literal: string): boolean {
  const value = Number(literal);
  if (!(Math.abs(value) <= Number.MAX_SAFE_INTEGER) || Object.is(value, -0)) return true;
  return Number.isInteger(value) && !namesWholeNumber(literal);
}

function namesWholeNumber(literal: string): boolean {
  const [mantissa = '', exponent = '0'] = literal.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = whole.replace('-', '') + fraction;
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === 0x30) end--;
  const isZero = end === 0;
  return isZero || Number(exponent) - fraction.length + (digits.length - end) >= 0;
}
