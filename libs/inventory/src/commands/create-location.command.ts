import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Text } from '#platform/http';
import { type Actor, newUuid } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { keyOf } from '../domain/codes.js';
import { type LocationView, locationView } from '../location.views.js';
import { asNameTaken, ensureDefaultLocation } from '../locations.js';

export class CreateLocationInput {
  /**
   * Unique among the open locations.
   * @example "Shop floor"
   */
  @Text({ max: 200 })
  readonly name!: string;
}

/** A store has another place with stock. */
export class CreateLocation extends Command<LocationView> {
  constructor(
    readonly actor: Actor,
    readonly input: CreateLocationInput,
  ) {
    super();
  }
}

@CommandHandler(CreateLocation)
export class CreateLocationHandler implements ICommandHandler<CreateLocation> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ actor: { tenantId }, input: { name } }: CreateLocation): Promise<LocationView> {
    const unit = this.work.current();
    const id = newUuid();
    // The default location's name is taken from the first day, too.
    await ensureDefaultLocation(unit);
    await asNameTaken(() => unit.run(INSERT, [tenantId, id, name, keyOf(name)]));
    return locationView({ id, name, isDefault: false, closedAt: null, version: 1 });
  }
}

const INSERT = `insert into inventory.location (tenant_id, id, name, name_key, is_default, version, created_at)
  values ($1, $2, $3, $4, false, 1, clock_timestamp())`;
