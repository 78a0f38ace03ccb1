import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { isStreamed } from '../body/streamed-body.js';

/** How long a caller may take to read why the rest of its body is not read. */
const LINGER_MS = 500;
const SWEEP_MS = 100;

/** Ends connections so that their callers get every answer, and so that none holds up the end of the process. */
export function registerConnectionEndings(fastify: FastifyInstance): void {
  let closing = false;
  fastify.addHook('preClose', (done) => {
    closing = true;
    // A connection whose answer left before `closing` was set becomes idle only now.
    const sweep = setInterval(() => fastify.server.closeIdleConnections(), SWEEP_MS);
    fastify.server.once('close', () => clearInterval(sweep));
    done();
  });
  fastify.addHook('onSend', (request, reply, payload, done) => {
    if (closing) reply.header('connection', 'close');
    // A streamed body that is refused is not read: Node would read all of it before the next request.
    const isLeftUnread = isStreamed(request) && !request.raw.complete;
    if (isLeftUnread) reply.header('connection', 'close');
    if (isLeftUnread || reply.statusCode === 413) lingerAtEnd(request.raw.socket);
    done(null, payload);
  });
}

/** Closed while its caller still sends, a connection is reset and the answer lost: it stays half open, unread, for a moment. */
function lingerAtEnd(socket: Socket): void {
  socket.destroySoon = () => {
    socket.pause();
    socket.end();
    setTimeout(() => socket.destroy(), LINGER_MS);
  };
}
