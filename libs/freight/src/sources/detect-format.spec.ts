import { describe, expect, it } from '@jest/globals';
import { detectFormat } from './detect-format.js';
import type { DeclaredFormat } from './source-format.js';
import { SourceRefused } from './source-refused.js';

const detect = (text: string | Buffer, declared?: DeclaredFormat) =>
  detectFormat(Buffer.from(text as string), true, declared);
const refusal = (text: string | Buffer, declared?: DeclaredFormat): unknown => {
  try {
    return detect(text, declared);
  } catch (error) {
    return error instanceof SourceRefused ? error.code : error;
  }
};

describe('the format of a source', () => {
  it.each([',', ';', '\t', '|'])('has the delimiter %j where the records agree on it', (delimiter) => {
    const text =
      ['name', 'price', 'note'].join(delimiter) +
      '\n' +
      ['a, b', '1;5', 'x|y'].map((cell) => `"${cell}"`).join(delimiter);
    expect(detect(text)).toMatchObject({ kind: 'csv', delimiter, header: ['name', 'price', 'note'] });
  });

  it('is not misled by signs inside one header name', () => {
    expect(detect('sku,"a|b=c|d=e",qty\n1,x,2\n3,"p|q",4\n')).toMatchObject({ delimiter: ',' });
    expect(detect('a;b\n1,5;2,5\n3,25;4\n')).toMatchObject({ delimiter: ';' });
    expect(detect('only\nx\n')).toMatchObject({ delimiter: ',', header: ['only'] });
  });

  it('finds byte order marks and blank lines in any order before the header', () => {
    const header = 'ID\tТип\n1\t2\n';
    for (const [prefix, line] of [
      ['\uFEFF', 1],
      ['\n\t\uFEFF', 2],
      ['\r\n \n\uFEFF\uFEFF', 3],
    ] as const) {
      const format = detect(prefix + header);
      expect(format).toMatchObject({ bom: true, header: ['ID', 'Тип'], delimiter: '\t', dataFromLine: line + 1 });
      expect(format.dataFrom).toBe(Buffer.byteLength(prefix) + Buffer.byteLength('ID\tТип\n'));
    }
    expect(detect('\tsecond\n1\t2\n')).toMatchObject({ bom: false, header: ['', 'second'] });
  });

  it('knows UTF-16 by its mark or by its zero bytes', () => {
    const text = 'name,price\nbjörk,1\n';
    expect(detect(Buffer.from(text, 'utf16le'))).toMatchObject({ encoding: 'utf-16le', header: ['name', 'price'] });
    expect(detect(Buffer.from(text, 'utf16le').swap16())).toMatchObject({
      encoding: 'utf-16be',
      header: ['name', 'price'],
    });
    expect(detect(Buffer.from(`\uFEFF${text}`, 'utf16le'))).toMatchObject({ encoding: 'utf-16le', bom: true });
  });

  it.each([
    ['lf', 'a,b\n1,2\n'],
    ['crlf', 'a,b\r\n1,2\r\n'],
    ['cr', 'a,b\r1,2\r'],
    ['mixed', 'a,b\r\n1,2\n3,4\r5,6'],
  ])('shows line ends %s', (lineEnd, text) => expect(detect(text)).toMatchObject({ lineEnd }));

  it('is NDJSON where the first text is an object', () => {
    expect(detect('\n{"a":1}\n')).toMatchObject({ kind: 'ndjson', dataFrom: 1, dataFromLine: 2 });
    expect(detect('{a},b\n1,2\n', { kind: 'csv' })).toMatchObject({ kind: 'csv', header: ['{a}', 'b'] });
  });

  it.each([
    ['nothing', '', 'source.empty'],
    ['blanks', ' \n\t\n', 'source.empty'],
    ['a header alone', 'a,b\n', 'source.header_only'],
    ['a zip', Buffer.from('504b0304140000', 'hex'), 'source.binary'],
    ['a PDF', '%PDF-1.7 ...', 'source.binary'],
    ['bytes', Buffer.from(Array.from({ length: 1_000 }, (_, at) => (at * 7) % 128)), 'source.binary'],
    ['gzip inside', Buffer.from('1f8b08000000', 'hex'), 'source.compressed'],
    ['a JSON array', '[{"a":1}]', 'source.not_line_delimited'],
    ['a header of a million columns', 'a,'.repeat(1_000_000), 'source.too_many_columns'],
    ['a header with text after a quote', '"a"b,c\n1,2\n', 'source.header_broken'],
    ['a header that is never closed', '"a,c\n1,2\n', 'source.header_broken'],
  ])('is refused for %s', (_name, text, code) => expect(refusal(text)).toBe(code));

  it('is refused for a header that does not end within what is looked at', () => {
    expect(() => detectFormat(Buffer.from('a'.repeat(300_000)), false)).toThrow(
      /more than 2000 columns or 262144 bytes/,
    );
  });

  it.each([
    ['a delimiter of two characters', { delimiter: ';;' }, 'source.format_not_supported'],
    ['a quote beyond ASCII', { quote: '«' }, 'source.format_not_supported'],
    ['an unknown encoding', { encoding: 'ebcdic' }, 'source.encoding_not_supported'],
    ['an encoding of several bytes per character', { encoding: 'shift_jis' }, 'source.encoding_not_supported'],
  ])('is refused when %s is declared', (_name, declared, code) => expect(refusal('a,b\n1,2\n', declared)).toBe(code));

  it('says where the first byte stands that is not UTF-8, and what it may be', () => {
    const polish = Buffer.concat([Buffer.from('imię,'), Buffer.from([0xb3, 0xf3, 0x64, 0x9c]), Buffer.from('\n1,2\n')]);
    expect(() => detect(polish)).toThrow(
      expect.objectContaining({
        code: 'source.encoding_unknown',
        details: { offset: 6, candidates: expect.any(Array) },
      }),
    );
    expect(detect(polish, { encoding: 'windows-1250' })).toMatchObject({
      encoding: 'windows-1250',
      encodingDeclared: true,
    });
  });

  it('lets the head end inside a character', () => {
    const bytes = Buffer.from('a,b\n1,ž');
    expect(detectFormat(bytes.subarray(0, -1), false)).toMatchObject({ encoding: 'utf-8', header: ['a', 'b'] });
    expect(() => detectFormat(bytes.subarray(0, -1), true)).toThrow(/offset 6 is not UTF-8/);
  });
});
