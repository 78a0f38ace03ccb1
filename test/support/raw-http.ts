import { connect, type Socket } from 'node:net';

/** What came back on a connection. */
export interface RawAnswer {
  /** Status of the answer; 0 when there was none. */
  readonly status: number;
  readonly head: string;
  /** Its bytes as Latin-1, put together if they came in chunks. */
  readonly body: string;
  /** Whether the server closed the connection. */
  readonly closed: boolean;
}

/** Opens a connection to an api and keeps it from throwing. */
export function rawSocket(url: string): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  return socket;
}

/** Only ends what will never come: an answer that has not begun, the end of a connection that was announced. */
const PATIENCE_MS = 10_000;

/**
 * Sends bytes as they are, past every HTTP client's own checks, and gathers the answer until the server closes or is quiet.
 * @param quietMs how long to wait for the next piece of an answer
 */
export function sendRaw(url: string, bytes: string | Buffer, quietMs = 400): Promise<RawAnswer> {
  const socket = rawSocket(url);
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  return answerOn(socket, quietMs);
}

/** Gathers what a connection answers until the server closes it or, having begun, is quiet for so long. */
export function answerOn(socket: Socket, quietMs: number): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    const done = (closed: boolean): void => {
      socket.destroy();
      resolve({ ...read(Buffer.concat(pieces).toString('latin1')), closed });
    };
    socket.setTimeout(Math.max(quietMs, PATIENCE_MS), () => done(false));
    socket.on('data', (piece: Buffer) => {
      pieces.push(piece);
      if (!/^connection: close\r$/im.test(piece.toString('latin1'))) socket.setTimeout(quietMs);
    });
    socket.on('end', () => done(true));
    socket.on('close', () => done(true));
  });
}

/** The first answer but `100 Continue`. */
function read(text: string): Pick<RawAnswer, 'status' | 'head' | 'body'> {
  const [start] = text.matchAll(/HTTP\/1\.1 (?!100)(\d{3}) /g);
  const [head = '', ...rest] = text.slice(start?.index ?? text.length).split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  return {
    status: Number(start?.[1] ?? 0),
    head,
    body: /transfer-encoding: chunked/i.test(head) ? joined(body) : body,
  };
}

function joined(chunks: string): string {
  const [, size = '0'] = /^([0-9a-f]+)\r\n/i.exec(chunks) ?? [];
  const [from, length] = [size.length + 2, Number.parseInt(size, 16)];
  return length === 0 ? '' : chunks.slice(from, from + length) + joined(chunks.slice(from + length + 2));
}
