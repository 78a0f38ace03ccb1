import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DiscoveryService, MetadataScanner, ModulesContainer, NestFactory, Reflector } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { API_PREFIX, RouteCensus } from '#platform/http';
import { ApiModule } from '../api.module.js';
import { apiConfig } from '../config.js';
import { eventCatalogue } from '../event-wire.js';
import { AUDIENCES, documentFor } from './audiences.js';
import { publishedDocument } from './document.js';
import type { Schema } from './model.js';
import type { RawDocument } from './routes.js';
import type { ClassFacts } from './schemas.js';

/** Settings that reach nothing: the app is only looked at. */
const SETTINGS = {
  NODE_ENV: 'test',
  DATABASE_URL_RT: 'postgresql://nobody@nowhere.invalid/none',
  DATABASE_URL_PLATFORM: 'postgresql://nobody@nowhere.invalid/none',
  RECRATE_SECRET: 'made of words, and as long as it has to be',
  OPERATOR_TOKEN: 'op_made_of_words_and_as_long_as_it_has_to_be',
};

/** Writes the documents into a folder, from the types and comments that tools/lib/openapi-metadata.mjs has left in another. */
async function main(source: string, target: string): Promise<void> {
  // In preview mode no provider is instantiated: nothing listens and nothing connects.
  const app = await NestFactory.create(ApiModule.forRoot(apiConfig(SETTINGS)), new FastifyAdapter(), {
    preview: true,
    logger: false,
  });
  app.setGlobalPrefix(API_PREFIX);
  const metadata = (await import(pathToFileURL(join(source, 'metadata.mjs')).href)) as {
    default: () => Promise<Record<string, unknown>>;
  };
  await SwaggerModule.loadPluginMetadata(metadata.default);
  const settings = new DocumentBuilder().setOpenAPIVersion('3.1.0').build();
  const raw: unknown = SwaggerModule.createDocument(app, settings, { operationIdFactory: (_, method) => method });
  const census = new RouteCensus(
    new DiscoveryService(app.get(ModulesContainer)),
    new MetadataScanner(),
    new Reflector(),
  );
  const classes = JSON.parse(readFileSync(join(source, 'classes.json'), 'utf8')) as ClassFacts;
  const document = publishedDocument(raw as RawDocument, census.rows(), classes, eventSchemas());
  write(join(target, 'recrate.json'), document);
  for (const audience of AUDIENCES) write(join(target, `${audience}.json`), documentFor(document, audience));
}

/** What the data of each published event is. */
function eventSchemas(): Record<string, Schema> {
  return Object.fromEntries(
    eventCatalogue().map(({ type, summary, schema }) => [type, { ...(schema as Schema), description: summary }]),
  );
}

function write(path: string, document: unknown): void {
  writeFileSync(path, `${JSON.stringify(document, null, 2)}\n`);
}

const [source, target] = process.argv.slice(2);
if (source === undefined || target === undefined)
  throw new Error('needs two folders: of the metadata, for the documents');
await main(source, target);
process.exit(0);
