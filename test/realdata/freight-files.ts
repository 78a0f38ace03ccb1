import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { detectFormat, HEAD_BYTES } from '../../libs/freight/src/sources/detect-format.js';
import { readRows } from '../../libs/freight/src/sources/rows.js';
import type { DeclaredFormat, SourceFormat, SourceRow } from '../../libs/freight/src/sources/source-format.js';
import { SHARED_DATA } from '../support/project.js';

export const hasSharedData = existsSync(SHARED_DATA);

/** The bytes of a shared file, unpacked where it is packed. */
export function bytesOf(file: string): Readable {
  const raw = createReadStream(join(SHARED_DATA, file));
  return file.endsWith('.gz') ? raw.pipe(createGunzip()) : raw;
}

/** The whole file in memory. */
export async function contentOf(file: string): Promise<Buffer> {
  return Buffer.concat((await bytesOf(file).toArray()) as Buffer[]);
}

/** A shared file's format and records, as a job would read them. */
export async function readFile(
  file: string,
  declared?: DeclaredFormat,
): Promise<{ format: SourceFormat; rows: SourceRow[]; content: Buffer }> {
  const content = await contentOf(file);
  const format = detectFormat(content.subarray(0, HEAD_BYTES), content.length <= HEAD_BYTES, declared);
  const rows: SourceRow[] = [];
  for await (const some of readRows(inChunks(content, format.dataFrom), format)) rows.push(...some);
  return { format, rows, content };
}

/** A part of some content in pieces, as a file is read. */
export async function* inChunks(content: Buffer, from = 0, to = content.length, size = 65_536): AsyncGenerator<Buffer> {
  for (let at = from; at < to; at += size) yield content.subarray(at, Math.min(to, at + size));
}

/** A column of CSV records by its number from 1. */
export function column(rows: readonly SourceRow[], number: number): string[] {
  return rows.map(({ cells }) => (cells as readonly string[])[number - 1] ?? '');
}
