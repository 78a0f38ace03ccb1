import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { notFound } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { readReservation, type ReservationView } from '../reservation.views.js';

/** A reservation with its lines. */
export class GetReservation extends Query<ReservationView> {
  constructor(
    readonly actor: Actor,
    readonly reservationId: string,
  ) {
    super();
  }
}

@QueryHandler(GetReservation)
export class GetReservationHandler implements IQueryHandler<GetReservation> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ reservationId }: GetReservation): Promise<ReservationView> {
    const found = await readReservation(this.work.current(), reservationId);
    if (!found) throw notFound();
    return found;
  }
}
