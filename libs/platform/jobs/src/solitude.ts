import { setTimeout as sleep } from 'node:timers/promises';

/** How often a waiting one looks: it waits only while work runs alone, which is rare. */
const LOOK_MS = 10;

/** `taken`: another one is or wants to be alone. `crowded`: those inside did not leave in time. */
export type Seclusion = 'alone' | 'taken' | 'crowded';

/**
 * Lets work that may cost its process run alone, so that it takes no other work with it. What enters while somebody is or wants to
 * be alone waits outside.
 */
export class Solitude {
  private inside = 0;
  private closed = false;

  /** Enters beside others. */
  async enter(): Promise<void> {
    while (this.closed) await sleep(LOOK_MS);
    this.inside += 1;
  }

  leave(): void {
    this.inside -= 1;
  }

  /** From inside: waits until the others have left, and lets nobody in until `leaveAlone`. Where it cannot be alone, it is still inside. */
  async seclude(withinMs: number): Promise<Seclusion> {
    if (this.closed) return 'taken';
    const deadline = performance.now() + withinMs;
    this.closed = true;
    while (this.inside > 1) {
      if (performance.now() > deadline) {
        this.closed = false;
        return 'crowded';
      }
      await sleep(LOOK_MS);
    }
    return 'alone';
  }

  leaveAlone(): void {
    this.closed = false;
    this.leave();
  }
}
