/**
 * Every permission there is, in one list: what a key or a user may be granted. A context adds its own here, with a
 * sentence that says what it opens; the sentence goes to the API's documentation.
 */
export const PERMISSIONS = {
  'tenant:read': "Read the store's own settings, such as allowed origins and limits.",
  'tenant:write': "Change the store's own settings, such as allowed origins.",
  'key:read': 'List API keys.',
  'key:write': 'Issue, rotate and revoke API keys.',
  'audit:read': 'Read the audit log.',
  'usage:read': 'Read request usage.',
  'release:read': 'Read the catalogue.',
  'release:write': 'Change the catalogue.',
  'stock:read': 'Read stock.',
  'stock:write': 'Change stock.',
  'stock:reserve': 'Hold and allocate stock.',
  'job:read': 'Read jobs and their logs.',
  'job:write': 'Start, stop and retry jobs.',
  'file:read': 'Read uploads.',
  'file:write': 'Send and delete files.',
  'event:read': 'Read the change feed.',
} as const;

/** A permission that a tenant's key or user can hold. */
export type Permission = keyof typeof PERMISSIONS;

/** The operator's permission: never part of a tenant's key. */
export const PLATFORM_PERMISSION = 'platform:*';

/** What a route can require. */
export type RequiredPermission = Permission | typeof PLATFORM_PERMISSION;

/** All permissions of a tenant, in list order. */
export const ALL_PERMISSIONS = Object.keys(PERMISSIONS) as Permission[];

/** Whether a word names a permission of a tenant. */
export function isPermission(word: string): word is Permission {
  return Object.hasOwn(PERMISSIONS, word);
}
