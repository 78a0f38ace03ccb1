/** Order of the parts of a date. */
export type DateOrder = 'ymd' | 'dmy' | 'mdy';

/** The order in which a locale writes dates; `ymd` without one. @throws RangeError for what is no locale */
export function dateOrderOf(locale: string | undefined): DateOrder {
  if (locale === undefined) return 'ymd';
  const parts = new Intl.DateTimeFormat(locale, { year: 'numeric', month: '2-digit', day: '2-digit' }).formatToParts(0);
  const order = parts.flatMap(({ type }) => (['year', 'month', 'day'].includes(type) ? [type.charAt(0)] : [])).join('');
  return order === 'dmy' || order === 'mdy' ? order : 'ymd';
}

const YEAR = /^\d{4}$/;
const YEAR_FIRST = /^(\d{4})[-./](\d{1,2})(?:[-./](\d{1,2}))?\.?(?:[T ].*)?$/;
const YEAR_LAST = /^(\d{1,2})[-./] ?(\d{1,2})[-./] ?(\d{4})(?:[T ].*)?$/;
const MONTH_YEAR = /^(\d{1,2})[-./](\d{4})$/;

/**
 * Reads a year, a month or a day: `1999`, `1999-03`, `21.3.1999` ... A part that is 0 is not known, as Discogs writes
 * `1999-03-00`; so is the year 0, which makes the whole date unknown. A time behind a day is left away.
 * @returns `1999`, `1999-03` or `1999-03-21`; an empty text for an unknown date; undefined for what is no date
 */
export function readDate(text: string, order: DateOrder): string | undefined {
  const trimmed = text.trim();
  if (YEAR.test(trimmed)) return trimmed === '0000' ? '' : trimmed;
  if (/^0+$/.test(trimmed)) return '';
  const first = YEAR_FIRST.exec(trimmed);
  if (first) return partialDate(first[1], first[2], first[3]);
  const last = YEAR_LAST.exec(trimmed);
  if (last) return order === 'mdy' ? partialDate(last[3], last[1], last[2]) : partialDate(last[3], last[2], last[1]);
  const month = MONTH_YEAR.exec(trimmed);
  return month ? partialDate(month[2], month[1], undefined) : undefined;
}

function partialDate(year = '', month = '', day = '00'): string | undefined {
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  if (y === 0) return '';
  if (m > 12 || (m === 0 && d > 0)) return undefined;
  if (m === 0) return year;
  const yearAndMonth = `${year}-${String(m).padStart(2, '0')}`;
  if (d === 0) return yearAndMonth;
  return d <= new Date(Date.UTC(2000 + (y % 400), m, 0)).getUTCDate()
    ? `${yearAndMonth}-${String(d).padStart(2, '0')}`
    : undefined;
}
