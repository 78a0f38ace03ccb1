import { declareErrors } from '#platform/kernel';

/** What files refuses, with the code that callers may rely on. */
export const filesErrors = declareErrors('files', {
  upload_too_large: {
    problem: 'payload-too-large',
    when: 'An upload, as it was sent or unpacked, is larger than one may be, or than the length it was begun with.',
  },
  storage_quota: { problem: 'payload-too-large', when: "The store's uploads would take more room than it has." },
  too_many_open: { problem: 'quota-exceeded', when: 'The store has as many unfinished uploads as it may have.' },
  offset_mismatch: {
    problem: 'conflict',
    when: 'The part to be appended does not begin where the upload ends; `offset` says where that is.',
  },
  upload_in_use: { problem: 'conflict', when: 'Another request is sending to the same upload.' },
  upload_pinned: { problem: 'conflict', when: 'A job needs the upload: it cannot be deleted yet.' },
  upload_not_complete: { problem: 'conflict', when: 'A job names an upload that has not arrived in full.' },
  upload_gone: { problem: 'gone', when: 'The upload has expired or was refused; `reason` says why.' },
  unknown_upload: { problem: 'reference-not-found', when: 'A job names an upload that is not there.' },
  checksum_mismatch: {
    problem: 'unprocessable',
    when: 'The SHA-256 of what arrived is not the one that was announced.',
  },
  broken_gzip: { problem: 'unprocessable', when: 'The upload says that it is gzip, but cannot be unpacked.' },
  storage_full: { problem: 'storage-full', when: 'There is no room left where uploads are kept.' },
  unsupported_tus: {
    problem: 'precondition-failed',
    when: 'Tus-Resumable names another version than 1.0.0, or is missing.',
  },
  invalid_upload_header: { problem: 'invalid-parameter', when: 'A header of an upload is missing or cannot be read.' },
  unsupported_encoding: {
    problem: 'unsupported-media-type',
    when: 'An upload has another Content-Encoding than gzip, or is sent as JSON of the API.',
  },
});
