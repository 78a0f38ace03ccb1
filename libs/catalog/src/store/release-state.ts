import type { Unit } from '#platform/persistence';

/** Puts a release into lists and search, or takes it out of them. The caller has locked it. */
export async function setListed(unit: Unit, id: string, listed: boolean): Promise<void> {
  await unit.run(
    `with searched as (
       update catalog.release_search set listed = $3 where tenant_id = $1 and release_id = $2)
     update catalog.release set state = $4, version = version + 1, updated_at = clock_timestamp()
      where tenant_id = $1 and id = $2`,
    [unit.tenantId, id, listed, listed ? 'active' : 'archived'],
  );
}

/** A new version of a release of which nothing of its own changed. The caller has locked it. */
export async function touchRelease(unit: Unit, id: string): Promise<void> {
  const sql = `update catalog.release set version = version + 1, updated_at = clock_timestamp() where tenant_id = $1 and id = $2`;
  await unit.run(sql, [unit.tenantId, id]);
}

/**
 * Lets one release take another's place: external ids, categories and those that were merged into it before move. The caller has
 * locked both.
 */
export async function mergeInto(unit: Unit, id: string, target: string): Promise<void> {
  const values = [unit.tenantId, id, target];
  await unit.run(
    `with unlisted as (update catalog.release_search set listed = false where tenant_id = $1 and release_id = $2),
          moved as (update catalog.external_id set release_id = $3, release_version = 0 where tenant_id = $1 and release_id = $2),
          earlier as (update catalog.release set merged_into = $3, version = version + 1, updated_at = clock_timestamp()
                       where tenant_id = $1 and merged_into = $2)
     update catalog.release set state = 'merged', merged_into = $3, version = version + 1, updated_at = clock_timestamp()
      where tenant_id = $1 and id = $2`,
    values,
  );
  await unit.run(
    `with gone as (delete from catalog.release_category where tenant_id = $1 and release_id = $2 returning category_id)
     insert into catalog.release_category (tenant_id, category_id, release_id)
     select $1, category_id, $3 from gone on conflict do nothing`,
    values,
  );
  await touchRelease(unit, target);
}
