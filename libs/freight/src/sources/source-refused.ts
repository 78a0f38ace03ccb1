/** Why a whole source cannot be read. Codes are stable; `details` are for people and programs, never the content itself. */
export type SourceRefusal =
  | 'source.empty'
  | 'source.header_only'
  | 'source.binary'
  | 'source.compressed'
  | 'source.encoding_unknown'
  | 'source.encoding_not_supported'
  | 'source.header_broken'
  | 'source.too_many_columns'
  | 'source.not_line_delimited'
  | 'source.format_not_supported'
  | 'source.too_many_rows'
  | 'source.missing';

/** The source as a whole cannot be read: the job fails with this code and message, and no record of it is tried. */
export class SourceRefused extends Error {
  override readonly name = 'SourceRefused';

  /** @param message says what is wrong and the next step; may be shown to the caller */
  constructor(
    readonly code: SourceRefusal,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** Nobody said what the bytes are, and UTF-8 they are not. */
export function notUtf8(offset: number, candidates: readonly string[] = []): SourceRefused {
  const hint = candidates.length > 0 ? ` It could be ${candidates.join(' or ')}.` : '';
  return new SourceRefused(
    'source.encoding_unknown',
    `The byte at offset ${offset} is not UTF-8.${hint} Declare the encoding, or convert the file to UTF-8.`,
    { offset, candidates },
  );
}

/** There is nothing below the header. */
export function headerOnly(): SourceRefused {
  return new SourceRefused('source.header_only', 'The file has a header and no records. Send one with records.');
}

/** The bytes of a source; that its file is gone, whoever took it away, is told as such. @throws SourceRefused source.missing */
export async function* bytesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* chunks;
  } catch (error) {
    if (Reflect.get(Object(error), 'code') !== 'ENOENT') throw error;
    throw new SourceRefused(
      'source.missing',
      'The uploaded file is no longer there. Upload it again and start a new job.',
    );
  }
}

/** Line and column, both from 1, of what follows a text that begins a line. */
export function placeAfter(before: Buffer, width: 1 | 2, firstLine: number): { line: number; column: number } {
  const lines = before.toString(width === 2 ? 'utf16le' : 'utf8').split(/\r\n|\r|\n/);
  return { line: firstLine + lines.length - 1, column: (lines.at(-1)?.length ?? 0) + 1 };
}
