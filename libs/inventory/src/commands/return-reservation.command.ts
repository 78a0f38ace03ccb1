import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { ListOf, type IfMatchCondition } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { giveBack } from '../domain/claims.js';
import { ItemUnitsInput, namedUnits } from '../item-units.dto.js';
import type { ReservationView } from '../reservation.views.js';
import { Reservations } from '../reservations.js';

export class ReturnReservationInput {
  /** Items and units; left out: all of the reservation. */
  @ListOf(() => ItemUnitsInput, { min: 1, max: 100 }, { optional: true })
  readonly items?: ItemUnitsInput[];
}

/** Goods have come back; all of them, or what is named. */
export class ReturnReservation extends Command<ReservationView> {
  constructor(
    readonly actor: Actor,
    readonly reservationId: string,
    readonly change: { readonly input: ReturnReservationInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(ReturnReservation)
export class ReturnReservationHandler implements ICommandHandler<ReturnReservation> {
  constructor(private readonly reservations: Reservations) {}

  execute({ reservationId, change }: ReturnReservation): Promise<ReservationView> {
    const { input, ifMatch } = change;
    const named = namedUnits(input.items);
    return this.reservations.change({ reservationId, ifMatch, decide: giveBack, ...named });
  }
}
