/** What a unit can end: an unquoted cell, a run of quoted text. */
export const STOPS_CELL = 1;
export const STOPS_QUOTED = 2;

export const LINE_FEED = 0x0a;
export const RETURN = 0x0d;
const TAB = 0x09;
export const SPACE = 0x20;

/** A line of blanks is no record: one cell, or several where tabs delimit, and none was quoted. */
export function isBlank(units: Uint8Array | Uint16Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const unit = units[at];
    if (unit !== SPACE && unit !== TAB && unit !== LINE_FEED && unit !== RETURN) return false;
  }
  return true;
}

/** What each unit below 256 can end. */
export function stopsOf(delimiter: number, quote: number): Uint8Array {
  const stops = new Uint8Array(256);
  for (const unit of [0, LINE_FEED, RETURN]) stops[unit] = STOPS_CELL | STOPS_QUOTED;
  stops[delimiter] = STOPS_CELL;
  if (quote >= 0) stops[quote] = STOPS_QUOTED;
  return stops;
}
