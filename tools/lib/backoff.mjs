const FIRST_MS = 200;
const LONGEST_MS = 10_000;
/** A part that ran this long has recovered: its next death is the first of a new series. */
const HEALTHY_MS = 30_000;

/** How long to wait before a part that died is started again: doubling, so that a broken one does not eat the machine. */
export class Backoff {
  next = FIRST_MS;

  /**
   * @param {number} ranMs how long the part lived, counted from when it was ready
   * @returns {number} milliseconds to wait
   */
  delayAfter(ranMs) {
    if (ranMs >= HEALTHY_MS) this.next = FIRST_MS;
    const delay = this.next;
    this.next = Math.min(delay * 2, LONGEST_MS);
    return delay;
  }
}
