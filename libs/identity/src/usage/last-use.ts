import type { Clock, KeyActor } from '#platform/kernel';

const MINUTE_MS = 60_000;

/** A key and the minute of its last use. */
export interface KeyUse {
  readonly tenantId: string;
  readonly apiKeyId: string;
  readonly minute: Date;
}

/** Remembers which keys were used in which minute, until somebody writes it down: one write per key, minute and process. */
export class LastUse {
  private readonly pending = new Map<string, { readonly tenantId: string; readonly minute: number }>();
  private readonly written = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  /** A key was used just now. */
  touch({ tenantId, keyId }: KeyActor): void {
    const minute = this.minute();
    if (this.written.get(keyId) === minute || this.pending.get(keyId)?.minute === minute) return;
    this.pending.set(keyId, { tenantId, minute });
  }

  /** Takes out what has not been written yet. */
  drain(): KeyUse[] {
    const minute = this.minute();
    for (const [apiKeyId, known] of this.written) if (known < minute) this.written.delete(apiKeyId);
    const uses = [...this.pending].map(([apiKeyId, use]) => {
      this.written.set(apiKeyId, use.minute);
      return { tenantId: use.tenantId, apiKeyId, minute: new Date(use.minute * MINUTE_MS) };
    });
    this.pending.clear();
    return uses;
  }

  /** Gives back what could not be written. */
  giveBack(uses: readonly KeyUse[]): void {
    for (const { tenantId, apiKeyId, minute } of uses) {
      this.written.delete(apiKeyId);
      if (!this.pending.has(apiKeyId)) this.pending.set(apiKeyId, { tenantId, minute: minute.getTime() / MINUTE_MS });
    }
  }

  private minute(): number {
    return Math.floor(this.clock.now().getTime() / MINUTE_MS);
  }
}
