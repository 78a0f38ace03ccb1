/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export class Dice {
  private state: number;

  constructor(readonly seed: number) {
    this.state = seed >>> 0;
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number of a range, both ends included. */
  between(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  pick<T>(among: readonly T[]): T {
    const picked = among[this.between(0, among.length - 1)];
    if (picked === undefined) throw new Error('there is nothing to pick from');
    return picked;
  }

  /** Dice of a part of a run, so that what others throw does not change what it throws. */
  of(part: string): Dice {
    return new Dice([...part].reduce((mixed, sign) => Math.imul(mixed ^ sign.charCodeAt(0), 0x01000193), this.seed));
  }
}
