import type { FastifyRequest } from 'fastify';
import { HeaderAPIKeyStrategy } from 'passport-headerapikey';

/** Longest credential that is looked at; the longest that exists has 60 letters. */
const MAX_LENGTH = 512;
/** RFC 6750 with RFC 9110: the scheme's case does not matter. */
const BEARER = /^Bearer +([\x21-\x7e]+)$/i;

type Done = (error: Error | null, user?: object, info?: object) => void;

/**
 * passport-headerapikey reading `Authorization: Bearer ...`. The scheme is taken off here, because the library compares its
 * prefix letter by letter; and `done` is put last, where @nestjs/passport expects it but the library puts the request.
 */
export class BearerHeader extends HeaderAPIKeyStrategy {
  constructor(verify: (request: FastifyRequest, credential: string, done: Done) => void) {
    super({ header: 'Authorization', prefix: '' }, true, (header, done, request) =>
      verify(request as unknown as FastifyRequest, bearerOf(header), done),
    );
  }
}

/** The credential in an Authorization header; the empty text when it holds none. */
export function bearerOf(header: string): string {
  if (header.length > MAX_LENGTH) return '';
  return BEARER.exec(header)?.[1] ?? '';
}
