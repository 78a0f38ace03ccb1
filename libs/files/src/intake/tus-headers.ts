import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { textRule } from '#platform/http';
import { filesErrors } from '../files.errors.js';

/** The version of the tus protocol that is spoken (https://tus.io/protocols/resumable-upload, 1.0.0 of 2016-03-25). */
export const TUS_VERSION = '1.0.0';
export const TUS_EXTENSIONS = 'creation,expiration,termination';
/** Media type of a part of an upload. */
export const TUS_PART_TYPE = 'application/offset+octet-stream';

/** What a client says of a file. */
export interface FileClaims {
  /** For people only; never the name of anything. */
  readonly filename: string | undefined;
  readonly sha256: Buffer | undefined;
}

const LONGEST_NAME = 255;
const nameRule = textRule({ max: LONGEST_NAME });
const SHA256 = /^[0-9a-f]{64}$/i;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const KNOWN_KEYS = new Set(['filename', 'filetype', 'sha256']);

/** @throws files.unsupported_tus */
export function checkTusVersion(headers: IncomingHttpHeaders): void {
  if (headers['tus-resumable'] === TUS_VERSION) return;
  throw filesErrors.unsupported_tus(`Send Tus-Resumable: ${TUS_VERSION}.`);
}

/** A header that is a number of bytes. @throws files.invalid_upload_header */
export function bytesOf(headers: IncomingHttpHeaders, name: 'upload-length' | 'upload-offset'): number {
  const text = headers[name];
  const value = typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  if (value === undefined) throw invalid(name, 'must be a whole number of bytes');
  return value;
}

/**
 * Upload-Metadata: pairs of a key and its value in base64, separated by commas. `filename` and `sha256` (hexadecimal) are read,
 * `filetype` is passed over: what a file is, its bytes say.
 * @throws files.invalid_upload_header
 */
export function claimsOf(headers: IncomingHttpHeaders): FileClaims {
  const values = new Map<string, string>();
  const text = headers['upload-metadata'];
  for (const pair of typeof text === 'string' && text.trim() !== '' ? text.split(',') : []) {
    const [key = '', value = '', ...rest] = pair.trim().split(' ');
    if (!KNOWN_KEYS.has(key) || values.has(key) || rest.length > 0) {
      throw invalid('upload-metadata', `may have ${[...KNOWN_KEYS].join(', ')}, each once`);
    }
    const bytes = Buffer.from(value, 'base64');
    if (!BASE64.test(value) || !isUtf8(bytes))
      throw invalid('upload-metadata', 'must have its values in base64 of UTF-8');
    values.set(key, bytes.toString('utf8'));
  }
  return checkedClaims(values.get('filename'), values.get('sha256'), 'upload-metadata');
}

/** @throws files.invalid_upload_header */
export function checkedClaims(filename: string | undefined, sha256: string | undefined, place: string): FileClaims {
  const refusal = filename === undefined ? undefined : nameRule.refuse(filename);
  if (refusal) throw invalid(place, `has a filename that ${refusal.message}`);
  if (sha256 !== undefined && !SHA256.test(sha256))
    throw invalid(place, 'has a sha256 that is not 64 hexadecimal digits');
  return { filename, sha256: sha256 === undefined ? undefined : Buffer.from(sha256, 'hex') };
}

/** Whether the body is gzip as its sender says. @throws files.unsupported_encoding */
export function isSentAsGzip(headers: IncomingHttpHeaders): boolean {
  const encoding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === 'gzip' || encoding === 'x-gzip') return true;
  if (encoding === 'identity') return false;
  throw filesErrors.unsupported_encoding('Send the file as it is, or with Content-Encoding: gzip.');
}

function invalid(name: string, message: string): Error {
  return filesErrors.invalid_upload_header(`The header ${name} ${message}.`, {
    errors: [{ pointer: name, code: 'header', message: `This header ${message}.` }],
  });
}
