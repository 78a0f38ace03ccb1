import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands between a client and PostgreSQL, counts what the client sends, and can lose the server's answers. */
export class CutProxy {
  private readonly sockets = new Set<Socket>();
  private losing = false;
  private lost: (() => void) | undefined;
  /** Pieces the client has sent: a query that is one message is one of them. */
  sent = 0;

  private constructor(private readonly server: ReturnType<typeof createServer>) {}

  /** Listens in front of the server that the URL names. */
  static async open(url: string): Promise<CutProxy> {
    const { hostname, port } = new URL(url);
    const server = createServer();
    const proxy = new CutProxy(server);
    server.on('connection', (client) => proxy.join(client, connect(Number(port), hostname)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** The URL through the proxy. */
  through(url: string): string {
    const parsed = new URL(url);
    parsed.hostname = '127.0.0.1';
    parsed.port = String((this.server.address() as AddressInfo).port);
    return parsed.href;
  }

  /** The next answer of the server does not arrive: the connections end instead. Resolves when that has happened. */
  loseNextAnswer(): Promise<void> {
    this.losing = true;
    return new Promise((resolve) => (this.lost = resolve));
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: Socket, server: Socket): void {
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.sockets.delete(socket));
    }
    client.on('data', (bytes) => {
      this.sent += 1;
      server.write(bytes);
    });
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
    server.on('data', (bytes) => {
      if (!this.losing) return void client.write(bytes);
      this.losing = false;
      client.destroy();
      this.lost?.();
    });
  }
}
