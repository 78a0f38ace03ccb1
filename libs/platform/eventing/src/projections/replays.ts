import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '#platform/persistence';
import { readEvents } from '../feed/feed.js';
import { type Build, changeWish, claimBuild, errorNote } from './builds.js';
import { Digestion } from './digestion.js';
import { EVENT_DECODER } from './pages.js';
import { type EventDecoder, parkedName, type Subscriber } from './subscriber.js';
import { TenantUnits } from './tenant-units.js';

/** Parked events of one stream that are tried in one transaction. */
const AT_ONCE = 500;

interface ParkedStream {
  readonly tenantId: string;
  readonly streamId: string;
}

/** Tries parked events again, stream by stream and in order, while the build they belong to stands still. */
@Injectable()
export class Replays {
  constructor(
    @Inject(TenantUnits) private readonly units: TenantUnits,
    @Inject(EVENT_DECODER) private readonly decode: EventDecoder,
  ) {}

  /** Tries every parked stream of a shard once; the first event that still fails keeps its stream parked. */
  async run(subscriber: Subscriber, build: Build): Promise<void> {
    await this.units.run((unit) => changeWish(unit, build, 'replay', 'replaying'));
    const name = parkedName(build.name, build.slot);
    let last: ParkedStream | undefined;
    for (;;) {
      const next: ParkedStream | undefined = await this.units.run((unit) => nextStream(unit, name, build, last));
      if (!next) break;
      while (await this.replay(subscriber, build, next));
      last = next;
    }
    await this.units.run((unit) => changeWish(unit, build, 'replaying', null));
  }

  /** Whether all that was tried went well and there may be more. */
  private replay(subscriber: Subscriber, build: Build, { tenantId, streamId }: ParkedStream): Promise<boolean> {
    const digestion = new Digestion(subscriber, build.slot, this.decode);
    return this.units.run(async (unit) => {
      // Nobody applies or parks events of this shard meanwhile.
      if (!(await claimBuild(unit, build))) return false;
      return this.units.as(unit, tenantId, async (part) => {
        const place = [tenantId, parkedName(build.name, build.slot), streamId];
        const parked = await part.rows<{ position: number }>(POSITIONS, place);
        for (const event of await readEvents(
          part,
          parked.map(({ position }) => position),
        )) {
          try {
            await part.savepoint(() => digestion.apply(part, [event]));
            await part.run(REMOVE, [...place, event.position]);
          } catch (error) {
            await part.run(KEEP, [...place, event.position, errorNote(error)]);
            return false;
          }
        }
        return parked.length === AT_ONCE;
      });
    });
  }
}

function nextStream(
  unit: Unit,
  name: string,
  { shard, shards }: Build,
  last: ParkedStream | undefined,
): Promise<ParkedStream | undefined> {
  return unit.row<ParkedStream>(
    `select tenant_id as "tenantId", stream_id as "streamId" from es.parked
      where name = $1 and (uuid_hash_extended(tenant_id, 0) & 9223372036854775807) % $3 = $2
        and ($4::uuid is null or (tenant_id, stream_id) > ($4, $5)) order by tenant_id, stream_id limit 1`,
    [name, shard, shards, last?.tenantId ?? null, last?.streamId ?? null],
  );
}

const WHERE = 'where tenant_id = $1 and name = $2 and stream_id = $3';
const POSITIONS = `select position from es.parked ${WHERE} order by position limit ${AT_ONCE}`;
const REMOVE = `delete from es.parked ${WHERE} and position = $4`;
const KEEP = `update es.parked set attempts = attempts + 1, error = $5 ${WHERE} and position = $4`;
