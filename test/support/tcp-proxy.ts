import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

type Mode = 'pass' | 'refuse' | 'swallow';
/** Where a connection breaks over a COMMIT: before PostgreSQL hears of it, or when it has committed and answers. */
export type CommitBreak = 'before' | 'answer';

/** The end of a simple query of the driver. */
const COMMIT = Buffer.from('commit\0');
/** What PostgreSQL says when a session has changed its name. */
const SESSION_NAME = /application_name\0([^\0]*)\0/g;

const NO_COMMITS = { left: 0, at: 'before', session: '' } as const;

/** Stands between an app and a server on this machine, and cuts, refuses, swallows or delays what passes. */
export class TcpProxy {
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private mode: Mode = 'pass';
  private delayMs = 0;
  private commits: { readonly left: number; readonly at: CommitBreak; readonly session: string } = NO_COMMITS;
  private readonly sessions = new WeakMap<Socket, string>();
  /** Connections whose next answer is that of a COMMIT, and never arrives. */
  private readonly unanswered = new WeakSet<Socket>();
  private server: Server | undefined;
  private listensOn = 0;

  private constructor(private readonly target: { readonly host: string; readonly port: number }) {}

  /** Starts a proxy to the server of a URL. */
  static async before(url: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(url);
    const proxy = new TcpProxy({ host: hostname, port: Number(port) });
    await proxy.listen();
    return proxy;
  }

  /** The same URL, through the proxy. */
  through(url: string): string {
    const parsed = new URL(url);
    parsed.hostname = '127.0.0.1';
    parsed.port = String(this.listensOn);
    return parsed.href;
  }

  /** Connections that are open just now. */
  get open(): number {
    return this.pairs.size;
  }

  /** As if the server were gone: open connections break, new ones are refused. */
  async cut(): Promise<void> {
    this.mode = 'refuse';
    const closed = this.server && once(this.server, 'close');
    this.server?.close();
    this.server = undefined;
    this.reset();
    await closed;
  }

  /** Breaks the open connections; new ones pass. */
  reset(): void {
    for (const pair of this.pairs) for (const socket of pair) socket.resetAndDestroy();
  }

  /** As if the network were gone: connections stay, new ones are taken, and nothing gets through. */
  swallow(): void {
    this.mode = 'swallow';
    for (const pair of this.pairs) for (const socket of pair) socket.pause();
  }

  /** From now on each piece from the app to the server waits so long. */
  delay(ms: number): void {
    this.delayMs = ms;
  }

  /**
   * The connections of the next COMMITs break. Only for connections to PostgreSQL.
   * @param session of sessions that call themselves so, or begin so
   */
  breakCommits(count: number, at: CommitBreak, session = ''): void {
    this.commits = { left: count, at, session };
  }

  /** COMMITs that have still to break. */
  get commitsToBreak(): number {
    return this.commits.left;
  }

  /** Everything passes again. What was swallowed stays lost with its connection. */
  async restore(): Promise<void> {
    const wasSwallowing = this.mode === 'swallow';
    this.mode = 'pass';
    this.delayMs = 0;
    this.commits = NO_COMMITS;
    if (wasSwallowing) this.reset();
    if (!this.server) await this.listen();
  }

  async close(): Promise<void> {
    await this.cut();
  }

  private async listen(): Promise<void> {
    const server = createServer((near) => this.join(near));
    server.listen(this.listensOn, '127.0.0.1');
    await once(server, 'listening');
    this.listensOn = (server.address() as AddressInfo).port;
    this.server = server;
  }

  private join(near: Socket): void {
    const far = connect(this.target);
    const pair = [near, far] as const;
    this.pairs.add(pair);
    for (const socket of pair) {
      const other = socket === near ? far : near;
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('data', (piece: Buffer) => {
        if (this.breaksAt(piece, near, socket === near)) for (const end of pair) end.resetAndDestroy();
        else this.pass(piece, other, socket === near ? this.delayMs : 0);
      });
      socket.on('end', () => other.end());
      socket.on('close', () => {
        this.pairs.delete(pair);
        other.destroy();
      });
      if (this.mode === 'swallow') socket.pause();
    }
  }

  /** Whether the connection breaks here, over a COMMIT or over its answer. */
  private breaksAt(piece: Buffer, near: Socket, isAsked: boolean): boolean {
    if (!isAsked) {
      const [, name] = [...piece.toString('latin1').matchAll(SESSION_NAME)].at(-1) ?? [];
      if (name !== undefined) this.sessions.set(near, name);
      return this.unanswered.has(near);
    }
    if (this.commits.left === 0 || !piece.subarray(-COMMIT.length).equals(COMMIT)) return false;
    if (!(this.sessions.get(near) ?? '').startsWith(this.commits.session)) return false;
    this.commits = { ...this.commits, left: this.commits.left - 1 };
    if (this.commits.at === 'before') return true;
    this.unanswered.add(near);
    return false;
  }

  private pass(piece: Buffer, to: Socket, waitMs: number): void {
    if (waitMs === 0) to.write(piece);
    else setTimeout(() => to.writable && to.write(piece), waitMs).unref();
  }
}
