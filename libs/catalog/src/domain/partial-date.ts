const FORM = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/;

/** Whether a text is a year, a month or a day that exists, from the year 1000: `1999`, `1999-03`, `1999-03-21`. */
export function isPartialDate(text: string): boolean {
  const [, year, month, day] = FORM.exec(text) ?? [];
  if (year === undefined || year < '1000') return false;
  if (month === undefined) return true;
  if (month < '01' || month > '12') return false;
  return day === undefined || isDay(Number(year), Number(month), Number(day));
}

/** What partial dates are sorted by: `yyyymmdd`, parts that are not known as 0, and 0 without a date. */
export function dateKey(date: string | null): number {
  return date === null ? 0 : Number(date.replaceAll('-', '').padEnd(8, '0'));
}

/** The decade of a partial date, such as 1990. */
export function decadeOf(date: string | null): number | undefined {
  return date === null ? undefined : Math.floor(Number(date.slice(0, 4)) / 10) * 10;
}

function isDay(year: number, month: number, day: number): boolean {
  return day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}
