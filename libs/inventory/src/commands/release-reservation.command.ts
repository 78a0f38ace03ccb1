import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { ListOf, type IfMatchCondition } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { release } from '../domain/claims.js';
import { ItemUnitsInput, namedUnits } from '../item-units.dto.js';
import type { ReservationView } from '../reservation.views.js';
import { Reservations } from '../reservations.js';

export class ReleaseReservationInput {
  /** Items and units; left out: all of the reservation. */
  @ListOf(() => ItemUnitsInput, { min: 1, max: 100 }, { optional: true })
  readonly items?: ItemUnitsInput[];
}

/** Stock that was promised is free again; all of it, or what is named. */
export class ReleaseReservation extends Command<ReservationView> {
  constructor(
    readonly actor: Actor,
    readonly reservationId: string,
    readonly change: { readonly input: ReleaseReservationInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(ReleaseReservation)
export class ReleaseReservationHandler implements ICommandHandler<ReleaseReservation> {
  constructor(private readonly reservations: Reservations) {}

  execute({ reservationId, change }: ReleaseReservation): Promise<ReservationView> {
    const { input, ifMatch } = change;
    const named = namedUnits(input.items);
    return this.reservations.change({ reservationId, ifMatch, decide: release, ...named });
  }
}
