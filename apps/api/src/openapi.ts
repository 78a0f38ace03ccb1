import type {} from '@fastify/compress';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DOCS_HTML, DOCS_SCRIPT } from './openapi/docs-page.js';

/** The committed documents; a test regenerates and compares them, so a start needs no compiler. */
const ROOT = import.meta.url.includes('/dist/apps/') ? '../../../../' : '../../../';
const DOCUMENTS = fileURLToPath(new URL(`${ROOT}docs/openapi`, import.meta.url));
/** @nestjs/swagger brings the page's program; found from there, it is the copy that fits. */
const PAGE = dirname(
  createRequire(createRequire(import.meta.url).resolve('@nestjs/swagger')).resolve('swagger-ui-dist'),
);

const JSON_TYPE = 'application/json; charset=utf-8';
const SCRIPT_TYPE = 'text/javascript; charset=utf-8';
/** The page's program changes with a release only. */
const AN_HOUR = 'public, max-age=3600';

interface PublicFile {
  readonly type: string;
  /** Absolute path, or the content itself. */
  readonly from: { readonly path: string } | { readonly text: string };
  readonly cacheControl?: string;
}

/** All that is served. A folder would also serve what nobody wrote here: source maps, other pages. */
const FILES: Readonly<Record<string, PublicFile>> = {
  '/api/openapi.json': document('recrate.json'),
  '/api/openapi/tenant.json': document('tenant.json'),
  '/api/openapi/platform.json': document('platform.json'),
  '/api/docs': { type: 'text/html; charset=utf-8', from: { text: DOCS_HTML } },
  '/api/docs/': { type: 'text/html; charset=utf-8', from: { text: DOCS_HTML } },
  '/api/docs/start.js': { type: SCRIPT_TYPE, from: { text: DOCS_SCRIPT } },
  '/api/docs/swagger-ui-bundle.js': program('swagger-ui-bundle.js', SCRIPT_TYPE),
  '/api/docs/swagger-ui-standalone-preset.js': program('swagger-ui-standalone-preset.js', SCRIPT_TYPE),
  '/api/docs/swagger-ui.css': program('swagger-ui.css', 'text/css; charset=utf-8'),
  '/api/docs/index.css': program('index.css', 'text/css; charset=utf-8'),
  '/api/docs/favicon-32x32.png': program('favicon-32x32.png', 'image/png'),
};

/** What is sent, in both forms: compressed once, since anybody may ask for it without a credential. */
interface Content {
  readonly plain: Buffer;
  readonly zipped: Buffer;
  readonly hash: string;
}

/** Serves the committed documents below /api/openapi and their page at /api/docs, with nothing from outside. */
export function serveDocument(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  for (const [url, file] of Object.entries(FILES)) {
    let content: Promise<Content> | undefined;
    fastify.get(url, { compress: false }, async (request, reply) => {
      content ??= contentOf(file);
      const { plain, zipped, hash } = await content.catch((error: unknown) => {
        content = undefined;
        throw error;
      });
      const isZipped = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
      if (isZipped) reply.header('content-encoding', 'gzip');
      if (file.cacheControl !== undefined) reply.header('cache-control', file.cacheControl);
      const vary = reply.hasHeader('vary') ? `${String(reply.getHeader('vary'))}, Accept-Encoding` : 'Accept-Encoding';
      return reply
        .type(file.type)
        .headers({ vary, etag: `"${hash}${isZipped ? '-gzip' : ''}"` })
        .send(isZipped ? zipped : plain);
    });
  }
}

function document(name: string): PublicFile {
  return { type: JSON_TYPE, from: { path: join(DOCUMENTS, name) } };
}

function program(name: string, type: string): PublicFile {
  return { type, from: { path: join(PAGE, name) }, cacheControl: AN_HOUR };
}

async function contentOf({ from }: PublicFile): Promise<Content> {
  const plain = 'path' in from ? await readFile(from.path) : Buffer.from(from.text);
  const zipped = await promisify(gzip)(plain);
  return { plain, zipped, hash: createHash('sha256').update(plain).digest('base64url').slice(0, 16) };
}
