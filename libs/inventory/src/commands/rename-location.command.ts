import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type IfMatchCondition, Text } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { keyOf } from '../domain/codes.js';
import { type LocationView, locationView } from '../location.views.js';
import { asNameTaken, lockedLocation } from '../locations.js';

export class RenameLocationInput {
  /**
   * The new name; left out, nothing changes.
   * @example "Back room"
   */
  @Text({ max: 200, optional: true })
  readonly name?: string;
}

/** A location gets another name. The same name changes nothing. */
export class RenameLocation extends Command<LocationView> {
  constructor(
    readonly actor: Actor,
    readonly locationId: string,
    readonly change: { readonly input: RenameLocationInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(RenameLocation)
export class RenameLocationHandler implements ICommandHandler<RenameLocation> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ actor, locationId, change: { input, ifMatch } }: RenameLocation): Promise<LocationView> {
    const unit = this.work.current();
    const location = await lockedLocation(unit, locationId, ifMatch);
    const { name = location.name } = input;
    if (name === location.name) return locationView(location);
    await asNameTaken(() => unit.run(RENAME, [actor.tenantId, locationId, name, keyOf(name)]));
    return locationView({ ...location, name, version: location.version + 1 });
  }
}

const RENAME = `update inventory.location set name = $3, name_key = $4, version = version + 1 where tenant_id = $1 and id = $2`;
