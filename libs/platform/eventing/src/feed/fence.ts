/** How far positions have been drawn and, read after it, the transactions that may still be appending. */
export interface FenceSample {
  readonly lastDrawn: number;
  readonly appenders: readonly string[];
}

/**
 * The appender fence: up to which position the feed is complete. Whoever owns a position that was drawn when a sample was taken
 * is among the sample's appenders or has ended. Once none of them is left, nothing can appear at or below that position.
 */
export class Fence {
  private kept: { readonly lastDrawn: number; appenders: ReadonlySet<string>; readonly since: number } | undefined;
  private safe = 0;
  private known = false;

  /** Up to here everything that will ever be there can be read by a statement that begins now. */
  get position(): number {
    return this.safe;
  }

  /** Whether the position has been found once: before that it is 0 while the feed may be long. */
  get isKnown(): boolean {
    return this.known;
  }

  /** When the sample was taken that still waits for appenders; undefined when none does. */
  get pendingSince(): number | undefined {
    return this.kept?.since;
  }

  /** The appenders it waits for. */
  get waitsFor(): readonly string[] {
    return [...(this.kept?.appenders ?? [])];
  }

  /**
   * Takes the next sample of the same connection. A kept one only loses appenders, so that new writers cannot hold it back.
   * @param nowMs a monotonic clock, for `pendingSince`
   * @returns the position
   */
  take({ lastDrawn, appenders }: FenceSample, nowMs: number): number {
    if (this.kept) {
      const known = this.kept.appenders;
      this.kept.appenders = new Set(appenders.filter((appender) => known.has(appender)));
      if (this.kept.appenders.size > 0) return this.safe;
      this.letThrough(this.kept.lastDrawn);
    }
    if (appenders.length === 0) this.letThrough(lastDrawn);
    const waits = appenders.length > 0 && lastDrawn > this.safe;
    this.kept = waits ? { lastDrawn, appenders: new Set(appenders), since: nowMs } : undefined;
    return this.safe;
  }

  private letThrough(position: number): void {
    this.safe = Math.max(this.safe, position);
    this.known = true;
  }

  /**
   * Forgets the kept sample: its connection is lost. Over a crash a prepared transaction comes back under another virtual id
   * and would be taken for ended.
   */
  discard(): void {
    this.kept = undefined;
  }
}
