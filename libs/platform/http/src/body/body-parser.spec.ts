import { Readable } from 'node:stream';
import {
  type ArgumentsHost,
  Body,
  Catch,
  Controller,
  Delete,
  type ExceptionFilter,
  HttpCode,
  Patch,
  Post,
} from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication, RouteConfig } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError, PROBLEMS } from '#platform/kernel';
import { BODY_LIMIT_BYTES, BULK_BODY_LIMIT_BYTES, BulkBody, readJsonBody, registerBodyParsers } from './body-parser.js';

@Controller()
class EchoController {
  @Post('echo')
  @HttpCode(200)
  post(@Body() body: unknown) {
    return { kind: body === undefined ? 'undefined' : typeof body, body };
  }

  @Patch('echo')
  patch(@Body() body: unknown) {
    return { kind: typeof body, body };
  }

  @Delete('echo')
  delete() {
    return { kind: 'deleted' };
  }

  @Post('bulk/:id')
  @BulkBody()
  @RouteConfig({ other: 'kept' })
  @HttpCode(200)
  bulk(@Body() body: string) {
    return { length: body.length };
  }
}

@Catch()
class ProblemSpecFilter implements ExceptionFilter {
  catch(error: Error & { cause?: { code?: string } }, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const isOurs = error instanceof DomainError;
    const status = isOurs ? PROBLEMS[error.problem].status : (error as unknown as { status: number }).status;
    void reply.code(status).send({ code: isOurs ? error.code : error.cause?.code });
  }
}

describe('JSON bodies in a Nest application', () => {
  let app: NestFastifyApplication;
  const configs: unknown[] = [];

  beforeAll(async () => {
    const module = await Test.createTestingModule({ controllers: [EchoController] }).compile();
    const adapter = new FastifyAdapter();
    adapter.getInstance().addHook('preHandler', (request: FastifyRequest, _reply, done) => {
      configs.push(request.routeOptions.config);
      done();
    });
    app = module.createNestApplication<NestFastifyApplication>(adapter, { bodyParser: false, logger: false });
    registerBodyParsers(adapter.getInstance());
    app.useGlobalFilters(new ProblemSpecFilter());
    await app.init();
  });
  afterAll(() => app.close());

  const send = async (
    method: 'POST' | 'PATCH' | 'DELETE' | 'PUT',
    payload: string | Buffer | Readable | undefined,
    headers: Record<string, string> = { 'content-type': 'application/json' },
    url = '/echo',
  ) => {
    const { statusCode, body } = await app.inject({ method, url, headers, ...(payload !== undefined && { payload }) });
    return [statusCode, JSON.parse(body) as unknown] as const;
  };
  const json = (charset = '') => ({ 'content-type': `application/json${charset}` });
  const text = (bytes: number) => `"${'x'.repeat(bytes - 2)}"`;

  it.each(['', '; charset=utf-8', '; charset=UTF-8', ';charset="utf-8"', '; charset=utf8'])(
    'are read as application/json%s',
    async (charset) => {
      expect(await send('POST', '{"a":"é"}', json(charset))).toEqual([200, { kind: 'object', body: { a: 'é' } }]);
    },
  );

  it('are read as a merge patch on PATCH only', async () => {
    const headers = { 'content-type': 'application/merge-patch+json' };
    expect(await send('PATCH', '{"a":null}', headers)).toEqual([200, { kind: 'object', body: { a: null } }]);
    expect(await send('POST', '{"a":null}', headers)).toEqual([415, { code: 'http.unsupported_media_type' }]);
  });

  it('are read as plain JSON on PATCH, too', async () => {
    expect(await send('PATCH', '{"a":1}')).toEqual([200, { kind: 'object', body: { a: 1 } }]);
  });

  it.each([
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/problem+json',
    'application/jsonx',
    'application/octet-stream',
  ])('are refused as %s', async (type) => {
    expect(await send('POST', '{"a":1}', { 'content-type': type })).toEqual([
      415,
      { code: 'http.unsupported_media_type' },
    ]);
  });

  it('are refused as what is no type at all', async () => {
    const answer = await send('POST', '{"a":1}', { 'content-type': 'json' });
    expect(answer).toEqual([415, { code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE' }]);
  });

  it('are refused without a Content-Type', async () => {
    const bytes = Readable.from([Buffer.from('{"a":1}')]);
    expect(await send('POST', bytes, { 'content-length': '7' })).toEqual([
      415,
      { code: 'http.unsupported_media_type' },
    ]);
  });

  it.each(['; charset=utf-16', '; charset=iso-8859-1', '; charset="utf-16le"'])(
    'are refused as application/json%s',
    async (charset) => {
      expect(await send('POST', '{"a":1}', json(charset))).toEqual([415, { code: 'http.unsupported_media_type' }]);
    },
  );

  it.each(['gzip', 'br', 'deflate', 'gzip, gzip', 'zzz'])(
    'are refused in the encoding %s, unread',
    async (encoding) => {
      const headers = { ...json(), 'content-encoding': encoding };
      expect(await send('POST', '{"a":1}', headers)).toEqual([415, { code: 'http.unsupported_media_type' }]);
    },
  );

  it('may say that they are not encoded', async () => {
    expect((await send('POST', '1', { ...json(), 'content-encoding': 'identity' }))[0]).toBe(200);
  });

  it.each([
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['an overlong NUL', Buffer.from([0x22, 0xc0, 0x80, 0x22])],
    ['half a surrogate pair in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['a byte order mark', Buffer.from('\uFEFF{}')],
    ['nothing', Buffer.alloc(0)],
    ['blanks', Buffer.from(' \n')],
    ['a zero byte outside of strings', Buffer.from('[\0]')],
    ['two texts', Buffer.from('{}{}')],
  ])('that hold %s are refused as malformed', async (_what, bytes) => {
    expect(await send('POST', bytes, { ...json(), 'content-length': String(bytes.length) })).toEqual([
      400,
      { code: 'http.malformed_json' },
    ]);
  });

  it.each([
    ['UTF-16 LE with a mark', Buffer.from('\uFEFF{"a":1}', 'utf16le')],
    ['UTF-16 LE', Buffer.from('{"a":1}', 'utf16le')],
    ['UTF-16 BE', Buffer.from('{"a":1}', 'utf16le').swap16()],
  ])('in %s are refused for their media type', async (_what, bytes) => {
    expect(await send('POST', bytes)).toEqual([415, { code: 'http.unsupported_media_type' }]);
  });

  it('may be absent: the handler sees undefined', async () => {
    expect(await send('POST', undefined, {})).toEqual([200, { kind: 'undefined' }]);
    expect(await send('DELETE', undefined, {})).toEqual([200, { kind: 'deleted' }]);
  });

  it('pass the strict scanner', async () => {
    expect(await send('POST', '{"a":1,"a":2}')).toEqual([400, { code: 'http.duplicate_member' }]);
  });

  it('may have 1 MiB and not a byte more', async () => {
    expect((await send('POST', text(BODY_LIMIT_BYTES)))[0]).toBe(200);
    expect(await send('POST', text(BODY_LIMIT_BYTES + 1))).toEqual([413, { code: 'FST_ERR_CTP_BODY_TOO_LARGE' }]);
  });

  it('may have 8 MiB and not a byte more on a bulk route, which keeps its other configuration', async () => {
    configs.length = 0;
    expect(await send('POST', text(BULK_BODY_LIMIT_BYTES), json(), '/bulk/1')).toEqual([
      200,
      { length: BULK_BODY_LIMIT_BYTES - 2 },
    ]);
    expect(configs).toEqual([expect.objectContaining({ other: 'kept' })]);
    expect(await send('POST', text(BULK_BODY_LIMIT_BYTES + 1), json(), '/bulk/1')).toEqual([
      413,
      { code: 'FST_ERR_CTP_BODY_TOO_LARGE' },
    ]);
  });

  it('without a length are refused at the limit, and the connection is closed on what is still to come', async () => {
    const payload = Readable.from(Array.from({ length: 17 }, () => Buffer.alloc(65_536, 0x20)));
    const headers = { ...json(), 'transfer-encoding': 'chunked' };
    const answer = await app.inject({ method: 'POST', url: '/echo', headers, payload });
    expect([answer.statusCode, answer.headers.connection]).toEqual([413, 'close']);
  });
});

describe('readJsonBody', () => {
  it('takes limits of its own', () => {
    const limits = { maxDepth: 1, maxMembers: 1, maxValues: 1 };
    const read = () => readJsonBody({ method: 'POST', headers: {} }, Buffer.from('[1,2]'), limits);
    expect(read).toThrow('more than 1 values');
  });

  it('reads any bytes whatever or refuses them with a reason', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.json().map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(bytes, (body) => {
        try {
          readJsonBody({ method: 'POST', headers: {} }, Buffer.from(body));
        } catch (error) {
          expect(error).toBeInstanceOf(DomainError);
        }
      }),
    );
  });
});
