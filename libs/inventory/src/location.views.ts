import { IdOf, Instant } from '#platform/http';
import { formatId } from '#platform/kernel';
import type { Location } from './locations.js';

/** A place with stock. */
export class LocationView {
  /** `loc_` and 26 letters. */
  @IdOf('location')
  id!: string;
  /** @example "Shop floor" */
  name!: string;
  /** Where stock is put unless a request says otherwise. Every store has one such location from its first day. */
  isDefault!: boolean;
  /** Since when nothing can be put there any more. */
  @Instant({ nullable: true })
  closedAt!: string | null;
  /**
   * Grows with every change; the ETag is made of it.
   * @example 1
   */
  version!: number;
}

/** A location as callers see it. */
export function locationView({ id, name, isDefault, closedAt, version }: Location): LocationView {
  return { id: formatId('location', id), name, isDefault, closedAt: closedAt?.toISOString() ?? null, version };
}
