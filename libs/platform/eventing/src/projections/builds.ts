import type { Unit } from '#platform/persistence';
import type { Slot } from '../store/inline-projections.js';
import type { Subscriber } from './subscriber.js';

/** A build's position while its slot still holds rows of an earlier one. */
export const NOT_CLEARED = -1;

/** What the operator asked for; `replaying` once it is under way. */
type Wish = 'rebuild' | 'replay' | 'replaying' | 'drop';

/** How far one shard of a build has come. A build is a version of a projection in a slot. */
export interface Build {
  readonly name: string;
  readonly slot: Slot;
  readonly shard: number;
  readonly shards: number;
  readonly version: number;
  readonly position: number;
  readonly status: 'catching_up' | 'live' | 'retired';
  readonly paused: boolean;
  readonly wish: Wish | null;
}

const COLUMNS = 'name, slot, shard, shards, version, position, status, paused, wish';
const OPEN = `(status <> 'retired' or wish = 'drop')`;

/** Every build there is something to do for: those that are not retired, or are to be dropped. */
export function openBuilds(unit: Unit): Promise<Build[]> {
  return unit.prepared<Build>('es.builds', `select ${COLUMNS} from es.projections where ${OPEN}`, []);
}

/**
 * Takes a shard of a build for this transaction: nobody else applies events to it.
 * @returns undefined when another has it, or it is paused or gone
 */
export async function claimBuild(unit: Unit, { name, slot, shard, version }: Build): Promise<Build | undefined> {
  // A crash takes read model and checkpoint back together, and the feed gives the events again.
  const sql = `select ${COLUMNS}, set_config('synchronous_commit', 'off', true) from es.projections
    where name = $1 and slot = $2 and shard = $3 and version = $4 and ${OPEN} and not paused for update skip locked`;
  return (await unit.prepared<Build>('es.claim-build', sql, [name, slot, shard, version]))[0];
}

/** Takes all shards of all builds of a projection, in order; waits for those who have them. */
export function lockBuilds(unit: Unit, name: string): Promise<Build[]> {
  const sql = `select ${COLUMNS} from es.projections where name = $1 and status <> 'retired' order by slot, shard for update`;
  return unit.rows<Build>(sql, [name]);
}

/** Moves a claimed shard on. */
export async function moveBuild(unit: Unit, { name, slot, shard }: Build, position: number): Promise<void> {
  const sql = `update es.projections set position = $4, error = null, updated_at = now() where name = $1 and slot = $2 and shard = $3`;
  await unit.prepared('es.move-build', sql, [name, slot, shard, position]);
}

/** Notes why a shard does not get on, for the operator. */
export async function noteError(unit: Unit, { name, slot, shard }: Build, error: unknown): Promise<void> {
  const sql = `update es.projections set error = $4, updated_at = now() where name = $1 and slot = $2 and shard = $3`;
  await unit.run(sql, [name, slot, shard, errorNote(error)]);
}

/** A failure as it is stored: what a person can act on, no stack. */
export function errorNote(error: unknown): string {
  return JSON.stringify({ message: String(error).slice(0, 1_000) });
}

/** Forgets a build whose slot has been emptied. */
export async function dropBuild(unit: Unit, { name, slot }: Build): Promise<void> {
  await unit.run(`delete from es.projections where name = $1 and slot = $2 and wish = 'drop'`, [name, slot]);
}

/** Moves on with what the operator asked for; what was asked for meanwhile stays. */
export async function changeWish(unit: Unit, { name, slot, shard }: Build, from: Wish, to: Wish | null): Promise<void> {
  const sql = 'update es.projections set wish = $5 where name = $1 and slot = $2 and shard = $3 and wish = $4';
  await unit.run(sql, [name, slot, shard, from, to]);
}

/**
 * Makes the builds of a subscriber that are missing: the first one, or one for a newer version beside the live one.
 * @param end a position up to which the feed is complete
 * @throws Error when the number of shards was changed without a new version
 */
export async function registerBuilds(unit: Unit, subscriber: Subscriber, end: number): Promise<void> {
  const { name, version, shards, kind } = subscriber;
  await unit.row('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`es.projection ${name}`]);
  const builds = await lockBuilds(unit, name);
  const [newest] = builds.toSorted((x, y) => y.version - x.version);
  if (!newest) {
    const position = subscriber.startAt === 'beginning' ? 0 : end;
    await insertBuild(unit, subscriber, { slot: 'a', status: 'live', position });
    // Its view knows only what was written since it is there.
    if (kind === 'inline' && end > 0)
      await unit.run(`update es.projections set wish = 'rebuild' where name = $1`, [name]);
  } else if (newest.version < version && kind !== 'reaction') {
    await beginBuild(unit, subscriber, builds);
  } else if (newest.version === version && newest.shards !== shards) {
    throw new Error(`the shards of ${name} were changed from ${newest.shards} to ${shards} without a new version`);
  }
}

/** Begins a build in the slot that is not live, in place of whatever was there. */
export async function beginBuild(unit: Unit, subscriber: Subscriber, builds: readonly Build[]): Promise<void> {
  const live = builds.find(({ status }) => status === 'live');
  const slot = live?.slot === 'a' ? 'b' : 'a';
  await unit.run('delete from es.projections where name = $1 and slot = $2', [subscriber.name, slot]);
  await insertBuild(unit, subscriber, { slot, status: 'catching_up', position: NOT_CLEARED });
}

async function insertBuild(
  unit: Unit,
  { name, version, shards, kind }: Subscriber,
  { slot, status, position }: Pick<Build, 'slot' | 'status' | 'position'>,
): Promise<void> {
  await unit.run(
    `insert into es.projections (name, slot, shard, shards, version, kind, status, position)
     select $1, $2, n, $3, $4, $5, $6, $7 from generate_series(0, $3::int - 1) as n on conflict do nothing`,
    [name, slot, shards, version, kind, status, position],
  );
}
