import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { type Actor, PLATFORM_PERMISSION, type RequiredPermission } from '#platform/kernel';
import type { ApiRequest } from './authenticated.js';

/** What a route asks of its caller: nothing, any valid credential, or a permission. */
export type Access =
  | { readonly kind: 'public' }
  | { readonly kind: 'any' }
  | { readonly kind: 'permission'; readonly permission: RequiredPermission };

/** Metadata key of a route's access; a route without it refuses to start the app. */
export const ACCESS = 'recrate:access';

/** Opens a route to callers without a credential. */
export const Public = () => SetMetadata(ACCESS, { kind: 'public' } satisfies Access);

/** Opens a route to every caller with a valid credential, operators too. */
export const AnyCaller = () => SetMetadata(ACCESS, { kind: 'any' } satisfies Access);

/** Opens a route to callers that hold the permission. */
export const Requires = (permission: RequiredPermission) =>
  SetMetadata(ACCESS, { kind: 'permission', permission } satisfies Access);

/** Opens a route to the platform's operator alone. */
export const PlatformRoute = () => Requires(PLATFORM_PERMISSION);

/** Who calls. Only on routes that are not public. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor => {
  const { user } = context.switchToHttp().getRequest<ApiRequest>();
  if (!user) throw new Error('a public route has no actor');
  return user.actor;
});
