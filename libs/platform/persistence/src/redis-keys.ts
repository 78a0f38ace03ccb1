/** A key made by one of the two builders: what a cache, bucket or lock takes, so that nobody passes it a bare string. */
export type RedisKey = string & { readonly redisKey: unique symbol };

type Part = string | number;

/**
 * Key of something that belongs to one tenant. The tenant is an object, not a string, so that no other id fits in its place;
 * its id is the cluster's hash tag, so a script may take several keys of one tenant.
 * @param area what it is, such as `rate`
 */
export function tenantKey(tenant: { readonly tenantId: string }, area: string, ...parts: Part[]): RedisKey {
  return joined(`recrate:t:{${tenant.tenantId}}`, area, parts);
}

/** Key of something that belongs to no tenant, such as a leader's lock. */
export function platformKey(area: string, ...parts: Part[]): RedisKey {
  return joined('recrate:p', area, parts);
}

/** Parts are escaped, so that no part, whatever a caller sent, can reach into the next one or into another area. */
function joined(owner: string, area: string, parts: Part[]): RedisKey {
  return [owner, ...[area, ...parts].map((part) => encodeURIComponent(part))].join(':') as RedisKey;
}
