import { field, Text, type ValueRule } from '#platform/http';

const sha256Rule: ValueRule = {
  name: 'sha256',
  refuse: (value) =>
    typeof value === 'string' && /^[0-9a-fA-F]{64}$/.test(value)
      ? undefined
      : { code: 'sha256', message: 'must be a SHA-256 of 64 hexadecimal digits' },
  schema: { type: 'string', pattern: '^[0-9a-fA-F]{64}$' },
};

/** What can be said of a file that is sent in one request. */
export class FileQuery {
  /**
   * Its name, for people.
   * @example "collection.csv"
   */
  @Text({ max: 255, optional: true })
  readonly filename?: string;

  /**
   * SHA-256 of the body, in hexadecimal: another one is refused.
   * @example "308101b68af408393d130bb23ce6e7705f4dc2d643047dbedb5da02190d1f05a"
   */
  @field(sha256Rule, { optional: true })
  readonly sha256?: string;
}
