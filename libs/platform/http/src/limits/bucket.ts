/** One limit that a request counts against. */
export interface Bucket {
  /** Key of its counter, unique over all buckets. */
  readonly key: string;
  readonly limit: number;
  readonly windowMs: number;
}

/** What is left in a bucket after a request was counted. */
export interface BucketState {
  readonly remaining: number;
  readonly resetMs: number;
}

/** Whether a request may pass, and the state of each bucket in the order given. */
export interface Verdict {
  readonly allowed: boolean;
  readonly states: readonly BucketState[];
}
