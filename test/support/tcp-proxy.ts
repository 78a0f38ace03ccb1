import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

type Mode = 'pass' | 'refuse' | 'swallow';

/** Stands between an app and a server on this machine, and cuts, refuses, swallows or delays what passes. */
export class TcpProxy {
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private mode: Mode = 'pass';
  private delayMs = 0;
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

  /** Everything passes again. What was swallowed stays lost with its connection. */
  async restore(): Promise<void> {
    const wasSwallowing = this.mode === 'swallow';
    this.mode = 'pass';
    this.delayMs = 0;
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
      socket.on('data', (piece: Buffer) => this.pass(piece, other, socket === near ? this.delayMs : 0));
      socket.on('end', () => other.end());
      socket.on('close', () => {
        this.pairs.delete(pair);
        other.destroy();
      });
      if (this.mode === 'swallow') socket.pause();
    }
  }

  private pass(piece: Buffer, to: Socket, waitMs: number): void {
    if (waitMs === 0) to.write(piece);
    else setTimeout(() => to.writable && to.write(piece), waitMs).unref();
  }
}
