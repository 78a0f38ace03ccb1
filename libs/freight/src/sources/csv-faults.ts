import { SOURCE_LIMITS } from './limits.js';
import type { RowFaultCode } from './source-format.js';

/** What is said of a record that cannot be read: what is wrong with it, and what may be the cause. */
export interface CsvFault {
  readonly code: RowFaultCode;
  readonly message: string;
}

const fault = (code: RowFaultCode, message: string): CsvFault => ({ code, message });

/** Those that are always said alike. */
export const CSV_FAULTS = {
  textAfterQuote: fault(
    'source.text_after_quote',
    'Text follows a closing quote. Double the quotes inside a quoted cell.',
  ),
  controlCharacter: fault(
    'source.control_character',
    'The record holds the character U+0000, which no text can have. Remove it.',
  ),
  tooWide: fault(
    'source.too_many_cells',
    `The record has more than ${SOURCE_LIMITS.columns} cells. Is the delimiter right?`,
  ),
  unclosedQuote: fault(
    'source.unclosed_quote',
    'A quote opens here and is never closed: the record takes all that follows, to the end of the file.',
  ),
};

/** Other bytes than the declared encoding has. */
export function badEncoding(encoding: string): CsvFault {
  const message = `The record holds bytes that are not ${encoding}. Declare the encoding that the file has.`;
  return fault('source.bad_encoding', message);
}

/** More or fewer cells than the header has. */
export function wrongCount(count: number, wanted: number): CsvFault {
  const said = `The record has ${count} cells, the header ${wanted}.`;
  return count < wanted
    ? fault('source.too_few_cells', `${said} Is a cell missing, or a line broken?`)
    : fault('source.too_many_cells', `${said} Is there a delimiter in a cell without quotes?`);
}

/** More bytes than are held. */
export function tooLarge(what: 'cell' | 'record', inQuotes: boolean): CsvFault {
  const limitBytes = what === 'cell' ? SOURCE_LIMITS.cellBytes : SOURCE_LIMITS.recordBytes;
  const message = inQuotes
    ? `A quote opens here and what follows has more than ${limitBytes} bytes. Is its closing quote missing?`
    : `A ${what} has more than ${limitBytes} bytes. Shorten it, or leave it out.`;
  return fault(`source.${what}_too_large`, message);
}
