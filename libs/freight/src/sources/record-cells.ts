import type { CellText } from './cell-text.js';

/** Marks of a cell: its text has doubled quotes, or characters beyond ASCII. */
const DOUBLED = 1;
const HIGH = 2;

/** Whether a cell's bytes do not belong to the encoding, and where it stands. */
export interface BadCell {
  readonly from: number;
  readonly to: number;
}

/** Where the cells of the record under way stand in the window, in units; made text only when the record has ended. */
export class RecordCells {
  /** Per cell: from, to, marks. */
  private places = new Int32Array(3 * 64);
  private size = 0;

  constructor(
    private readonly text: CellText,
    private readonly quote: string,
  ) {}

  get count(): number {
    return this.size;
  }

  clear(): void {
    this.size = 0;
  }

  /** @param high all units of the cell, or-ed */
  add(from: number, to: number, high: number, hasDoubled: boolean): void {
    const place = 3 * this.size++;
    if (place === this.places.length) this.grow();
    this.places[place] = from;
    this.places[place + 1] = to;
    this.places[place + 2] = (hasDoubled ? DOUBLED : 0) | (high > 0x7f ? HIGH : 0);
  }

  /** The window has lost its first `units`. */
  shift(units: number): void {
    for (let place = 0; place < 3 * this.size; place += 3) {
      this.places[place] = (this.places[place] as number) - units;
      this.places[place + 1] = (this.places[place + 1] as number) - units;
    }
  }

  isEmpty(index: number): boolean {
    return this.places[3 * index] === this.places[3 * index + 1];
  }

  /** The texts of the first `wanted` cells, or the first cell that is none. */
  read(wanted: number, window: string, bytes: Buffer): string[] | BadCell {
    const cells = new Array<string>(wanted);
    for (let index = 0; index < wanted; index++) {
      const from = this.places[3 * index] as number;
      const to = this.places[3 * index + 1] as number;
      const marks = this.places[3 * index + 2] as number;
      const isHigh = (marks & HIGH) !== 0;
      const text = isHigh ? this.text.beyondAscii(window, bytes, from, to) : window.slice(from, to);
      if (text === undefined) return { from, to };
      cells[index] = (marks & DOUBLED) === 0 ? text : text.replaceAll(this.quote + this.quote, this.quote);
    }
    return cells;
  }

  private grow(): void {
    const larger = new Int32Array(this.places.length * 2);
    larger.set(this.places);
    this.places = larger;
  }
}
