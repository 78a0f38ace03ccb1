/** How much a tenant may ask for. */
export interface TenantLimits {
  /** Requests per minute of all its keys together. */
  readonly requestsPerMinute: number;
  /** Requests per 10 seconds of each of its keys. */
  readonly keyRequestsPer10Seconds: number;
  /** Requests that one api process answers at the same time. */
  readonly concurrentRequests: number;
}

/** What a new tenant gets: the numbers of the examples in the API conventions (rate limits), and 50 requests at a time. */
export const DEFAULT_LIMITS: TenantLimits = {
  requestsPerMinute: 1_000,
  keyRequestsPer10Seconds: 200,
  concurrentRequests: 50,
};
