import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type IfMatchCondition } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { allocate } from '../domain/claims.js';
import type { ReservationView } from '../reservation.views.js';
import { Reservations } from '../reservations.js';

/** The holds of a cart become the allocation of an order. */
export class AllocateReservation extends Command<ReservationView> {
  constructor(
    readonly actor: Actor,
    readonly reservationId: string,
    readonly change: { readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(AllocateReservation)
export class AllocateReservationHandler implements ICommandHandler<AllocateReservation> {
  constructor(private readonly reservations: Reservations) {}

  execute({ reservationId, change }: AllocateReservation): Promise<ReservationView> {
    return this.reservations.change({ reservationId, ifMatch: change.ifMatch, decide: allocate });
  }
}
