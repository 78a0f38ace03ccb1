import { answerOn, type RawAnswer, rawSocket } from './raw-http.js';

/** Longer than any server of ours has patience. */
const PATIENCE_MS = 70_000;

/** Connections that send a letter a second. `end` stops what is left of them. */
export class SlowClients {
  private readonly drips = new Set<NodeJS.Timeout>();

  constructor(private readonly url: string) {}

  /** Opens so many connections; each sends the beginning at once and then a letter a second, for ever. */
  open(count: number, beginning: string, letter: string): Promise<RawAnswer[]> {
    return Promise.all(Array.from({ length: count }, () => this.one(beginning, letter)));
  }

  end(): void {
    for (const drip of this.drips) clearInterval(drip);
  }

  private one(beginning: string, letter: string): Promise<RawAnswer> {
    const socket = rawSocket(this.url);
    if (beginning !== '') socket.write(beginning);
    const drip = setInterval(() => letter !== '' && socket.writable && socket.write(letter), 1_000);
    this.drips.add(drip);
    return answerOn(socket, PATIENCE_MS).finally(() => clearInterval(drip));
  }
}
