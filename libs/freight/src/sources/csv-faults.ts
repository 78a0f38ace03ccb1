import { SOURCE_LIMITS } from './limits.js';
import type { RowFaultCode } from './source-format.js';

/** What is said of a record that cannot be read: what is wrong with it, and what may be the cause. */
export interface CsvFault {
  readonly code: RowFaultCode;
  readonly message: string;
}

/** Those that are always said alike. */
export const CSV_FAULTS = {
  textAfterQuote: {
    code: 'source.text_after_quote',
    message: 'Text follows a closing quote. Double the quotes inside a quoted cell.',
  },
  controlCharacter: {
    code: 'source.control_character',
    message: 'The record holds the character U+0000, which no text can have. Remove it.',
  },
  tooWide: {
    code: 'source.too_many_cells',
    message: `The record has more than ${SOURCE_LIMITS.columns} cells. Is the delimiter right?`,
  },
  unclosedQuote: {
    code: 'source.unclosed_quote',
    message: 'A quote opens here and is never closed: the record takes all that follows, to the end of the file.',
  },
} as const satisfies Record<string, CsvFault>;

/** Other bytes than the declared encoding has. */
export function badEncoding(encoding: string): CsvFault {
  const message = `The record holds bytes that are not ${encoding}. Declare the encoding that the file has.`;
  return { code: 'source.bad_encoding', message };
}

/** More or fewer cells than the header has. */
export function wrongCount(count: number, wanted: number): CsvFault {
  const said = `The record has ${count} cells, the header ${wanted}.`;
  return count < wanted
    ? { code: 'source.too_few_cells', message: `${said} Is a cell missing, or a line broken?` }
    : { code: 'source.too_many_cells', message: `${said} Is there a delimiter in a cell without quotes?` };
}

/** More bytes than are held. */
export function tooLarge(what: 'cell' | 'record', inQuotes: boolean): CsvFault {
  const limitBytes = what === 'cell' ? SOURCE_LIMITS.cellBytes : SOURCE_LIMITS.recordBytes;
  const message = inQuotes
    ? `A quote opens here and what follows has more than ${limitBytes} bytes. Is its closing quote missing?`
    : `A ${what} has more than ${limitBytes} bytes. Shorten it, or leave it out.`;
  return { code: `source.${what}_too_large`, message };
}
