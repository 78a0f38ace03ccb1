import { setTimeout as sleep } from 'node:timers/promises';

/** How often a waiting one looks: it waits only while work runs alone, which is rare. */
const LOOK_MS = 10;

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

  /** Enters alone: nobody else comes in until `leaveAlone`. False when those inside did not leave in time. */
  async enterAlone(withinMs: number): Promise<boolean> {
    const deadline = performance.now() + withinMs;
    while (this.closed) {
      if (performance.now() > deadline) return false;
      await sleep(LOOK_MS);
    }
    this.closed = true;
    while (this.inside > 0) {
      if (performance.now() > deadline) {
        this.closed = false;
        return false;
      }
      await sleep(LOOK_MS);
    }
    return true;
  }

  leaveAlone(): void {
    this.closed = false;
  }
}
