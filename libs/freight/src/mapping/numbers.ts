import { currencyExponent, type Money, money } from '#platform/kernel';

/** How numbers are written. */
export interface NumberStyle {
  readonly decimal: '.' | ',';
  /** Characters that may stand between groups of three digits. */
  readonly groups: string;
}

const BLANKS = ' \u00a0\u202f';
const APOSTROPHES = "'’";

/** How a locale writes numbers; as in English without one. @throws RangeError for what is no locale */
export function numberStyleOf(locale: string | undefined): NumberStyle {
  const parts = new Intl.NumberFormat(locale ?? 'en').formatToParts(1_234_567.5);
  const decimal = parts.find(({ type }) => type === 'decimal')?.value === ',' ? ',' : '.';
  const group = parts.find(({ type }) => type === 'group')?.value ?? '';
  const groups = BLANKS.includes(group) ? BLANKS : APOSTROPHES.includes(group) ? APOSTROPHES : group;
  // Where points or commas part groups, blanks and apostrophes cannot be mistaken either.
  return { decimal, groups: [...new Set(groups + BLANKS + APOSTROPHES)].join('') };
}

/** Digits of a number: of its whole part and of its fraction, without group signs. */
export interface Digits {
  readonly negative: boolean;
  readonly whole: string;
  readonly fraction: string;
}

/** Reads numbers of a style; undefined for what is none, such as a group of two digits. */
export type ReadDigits = (text: string) => Digits | undefined;

export function compileDigits({ decimal, groups }: NumberStyle): ReadDigits {
  const group = `[${groups.replace(/[\\\]^-]/g, '\\$&')}]`;
  const pattern = new RegExp(`^([-−+]?)(\\d+|\\d{1,3}(?:${group}\\d{3})+)(?:\\${decimal}(\\d*))?$`);
  const separators = new RegExp(group, 'g');
  return (text) => {
    const found = pattern.exec(text);
    if (!found) return undefined;
    const [, mark = '', whole = '', fraction = ''] = found;
    return { negative: mark === '-' || mark === '−', whole: whole.replace(separators, ''), fraction };
  };
}

/** A whole number of a text, also written with a fraction of zeros; undefined for what is none or not safe. */
export function wholeOf(digits: Digits | undefined): number | undefined {
  if (!digits || !/^0*$/.test(digits.fraction)) return undefined;
  const value = Number(digits.whole) * (digits.negative && Number(digits.whole) !== 0 ? -1 : 1);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Why a text is no money. */
export type MoneyRefusal = 'mapping.not_money' | 'mapping.money_precision' | 'mapping.currency_missing';

/** Signs of currencies beside those of Unicode: they say nothing that the currency does not, and may stand beside a number. */
const CURRENCY_WORDS = /^(?:Ft|zł|Kč|kr|lei|Rs|лв|руб)\.?$/i;
const AROUND_NUMBER = /^([^\d.,+−-]*)([-−+]?[\d.,].*?\d*[.,]?)([^\d.,+−-]*)$/;

/** Reads amounts: digits, with a currency's sign or code around them. */
export class MoneyReader {
  constructor(private readonly digits: ReadDigits) {}

  /**
   * @param currency where it is known; a code in the text must be the same
   * @returns the money in minor units, exactly: more decimals than the currency has are refused, never rounded
   */
  read(text: string, currency: string | undefined): Money | MoneyRefusal {
    const plain = this.digits(text);
    if (plain) return currency === undefined ? 'mapping.currency_missing' : toMoney(plain, currency);
    const [, before = '', number = '', after = ''] = AROUND_NUMBER.exec(text.trim()) ?? [];
    const codes = [before.trim(), after.trim()].filter((part) => part !== '' && !isSign(part));
    const [code = currency, second] = codes;
    const digits = this.digits(number.trim());
    if (!digits || second !== undefined) return 'mapping.not_money';
    if (code === undefined) return 'mapping.currency_missing';
    if (currencyExponent(code) === undefined || (currency !== undefined && code !== currency))
      return 'mapping.not_money';
    return toMoney(digits, code);
  }
}

function isSign(part: string): boolean {
  return /^\p{Sc}$/u.test(part) || CURRENCY_WORDS.test(part);
}

function toMoney({ negative, whole, fraction }: Digits, currency: string): Money | MoneyRefusal {
  const exponent = currencyExponent(currency);
  if (exponent === undefined) return 'mapping.not_money';
  if (!/^0*$/.test(fraction.slice(exponent))) return 'mapping.money_precision';
  const amount = Number(whole + fraction.slice(0, exponent).padEnd(exponent, '0'));
  if (!Number.isSafeInteger(amount) || (negative && amount !== 0)) return 'mapping.not_money';
  return money(amount, currency);
}
