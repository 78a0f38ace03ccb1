import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type IfMatchCondition } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { extend } from '../domain/claims.js';
import type { ReservationView } from '../reservation.views.js';
import { Reservations } from '../reservations.js';

/** Prolongs the holds of a cart, once: payment has begun. */
export class ExtendReservation extends Command<ReservationView> {
  constructor(
    readonly actor: Actor,
    readonly reservationId: string,
    readonly change: { readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(ExtendReservation)
export class ExtendReservationHandler implements ICommandHandler<ExtendReservation> {
  constructor(private readonly reservations: Reservations) {}

  execute({ reservationId, change }: ExtendReservation): Promise<ReservationView> {
    return this.reservations.change({ reservationId, ifMatch: change.ifMatch, decide: extend });
  }
}
