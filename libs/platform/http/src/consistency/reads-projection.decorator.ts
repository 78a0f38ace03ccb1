import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiHeader } from '#api-document';

/** Metadata key of the projections that a route reads. */
export const READS_PROJECTION = 'recrate:reads-projection';

/**
 * Names the projections whose read models a GET route reads: with a `Consistency-Token` and `Prefer: wait=N` it waits for them.
 * A route without it reads what is written in the transaction of each command: there is nothing to wait for.
 */
export const ReadsProjection = (...names: readonly [string, ...string[]]) =>
  applyDecorators(
    SetMetadata(READS_PROJECTION, names),
    ApiHeader({ name: 'Consistency-Token', required: false, schema: { type: 'string' } }),
  );
