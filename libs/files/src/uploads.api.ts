import { applyDecorators } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiHeader,
  type ApiHeaderOptions,
  ApiResponse,
  type ApiResponseOptions,
} from '#api-document';
import { TUS_EXTENSIONS, TUS_PART_TYPE, TUS_VERSION } from './intake/tus-headers.js';
import { UploadView } from './uploads.views.js';

type Headers = NonNullable<ApiResponseOptions['headers']>;
type Schema = Exclude<ApiHeaderOptions['schema'], undefined>;

const VERSION: Schema = { type: 'string', enum: [TUS_VERSION] };
const BYTES: Schema = { type: 'integer', format: 'int64', minimum: 0 };

const TUS: Headers = { 'Tus-Resumable': { description: 'The version of tus that is spoken.', schema: VERSION } };
const PROGRESS: Headers = {
  ...TUS,
  'Upload-Offset': {
    description: 'Bytes of a resumable upload that have arrived: the next part begins here.',
    schema: { ...BYTES, example: 9 },
  },
  'Upload-Length': {
    description: 'Bytes that a resumable upload was begun with.',
    schema: { ...BYTES, example: 24 },
  },
  'Upload-Expires': {
    description: 'When a resumable upload that is unfinished expires.',
    schema: { type: 'string', example: 'Sun, 01 Feb 2026 12:00:00 GMT' },
  },
};
const OPTIONS: Headers = {
  ...TUS,
  'Tus-Version': { description: 'The versions of tus that are spoken.', schema: VERSION },
  'Tus-Extension': {
    description: 'The extensions of tus that are spoken.',
    schema: { type: 'string', enum: [TUS_EXTENSIONS] },
  },
  'Tus-Max-Size': {
    description: 'Bytes that an upload may have.',
    schema: { ...BYTES, example: 2_147_483_648 },
  },
};

/** What OPTIONS tells of tus. */
export function TellsOfTus(): MethodDecorator {
  return ApiResponse({ status: 204, description: 'What is spoken of tus.', headers: OPTIONS });
}

/** The answer says how far a resumable upload has come. @param description of an answer without a body */
export function TellsProgress(status: number, description = ''): MethodDecorator {
  return ApiResponse({ status, description, headers: PROGRESS, ...(status !== 204 && { type: UploadView }) });
}

/** With Tus-Resumable the answer is empty. */
export function EmptyForTus(): MethodDecorator {
  return applyDecorators(
    tusVersion(false),
    ApiResponse({ status: 200, type: UploadView }),
    ApiResponse({ status: 204, description: 'As tus asks for: done, with nothing to read.', headers: TUS }),
  );
}

/** Takes a file as its body or, with Tus-Resumable, what tus says of a file that follows. */
export function TakesFile(): MethodDecorator {
  return applyDecorators(
    body(['text/csv', 'application/octet-stream'], FILE, false),
    ApiHeader({
      name: 'Content-Encoding',
      description: 'gzip: the body is packed and is kept unpacked. A file that is gzip itself is, too.',
      schema: { type: 'string', enum: ['gzip', 'x-gzip', 'identity'] },
    }),
    tusVersion(false),
    ApiHeader({
      name: 'Upload-Length',
      description: 'With Tus-Resumable: bytes that will be sent.',
      schema: { ...BYTES, example: 24 },
    }),
    ApiHeader({
      name: 'Upload-Metadata',
      description:
        'With Tus-Resumable: pairs of a key and its value in base64, separated by commas. `filename` and `sha256` ' +
        '(hexadecimal) are read, `filetype` is passed over.',
      schema: { type: 'string', example: 'filename Y29sbGVjdGlvbi5jc3Y=' },
    }),
  );
}

/** Takes a part of a resumable upload as its body. */
export function TakesPart(): MethodDecorator {
  return applyDecorators(
    body([TUS_PART_TYPE], PART, true),
    tusVersion(true),
    ApiHeader({
      name: 'Upload-Offset',
      required: true,
      description: 'The byte of the upload that the part begins with: as many as have arrived.',
      schema: { ...BYTES, example: 0 },
    }),
  );
}

const FILE = { full: { summary: 'A file', value: 'id,title\n1,Aja\n2,Björk\n' } };
const PART = { full: { summary: 'The first of two parts', value: 'id,title\n' } };

function body(types: readonly string[], examples: typeof FILE, required: boolean): MethodDecorator {
  const schema = { type: 'string', format: 'binary' } as const;
  return applyDecorators(ApiConsumes(...types), ApiBody({ required, schema, examples }));
}

function tusVersion(required: boolean): MethodDecorator {
  return ApiHeader({
    name: 'Tus-Resumable',
    required,
    description: required ? 'The version of tus that is spoken.' : 'Sent by clients that speak tus: its version.',
    schema: VERSION,
  });
}
