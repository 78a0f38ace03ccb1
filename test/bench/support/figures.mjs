import { loadavg } from 'node:os';

/** The middle of some numbers. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Prints one figure. Ratios and CPU are judged always; wall-clock goals not on a busy machine. */
export function figure(name, value, unit, goal) {
  const number = Number(value.toFixed(3));
  if (!goal) return console.log(`figure ${name} ${number} ${unit}`);
  const { op, limit, wallClock = false } = goal;
  const met = op === '<=' ? value <= limit : value >= limit;
  const verdict = wallClock && loadavg()[0] > 1.5 ? 'not-judged' : met ? 'met' : 'missed';
  console.log(`figure ${name} ${number} ${unit} goal ${op} ${limit} ${verdict}`);
}
