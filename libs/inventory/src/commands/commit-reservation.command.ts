import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IdOf, type IfMatchCondition } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { commit } from '../domain/claims.js';
import type { ReservationView } from '../reservation.views.js';
import { Reservations } from '../reservations.js';

export class CommitReservationInput {
  /** The items that have left; left out: all of them. */
  @IdOf('stockItem', { optional: true, list: { min: 1, max: 100 } })
  readonly itemIds?: string[];
}

/** Allocated goods have left the store; all items, or those that are named. */
export class CommitReservation extends Command<ReservationView> {
  constructor(
    readonly actor: Actor,
    readonly reservationId: string,
    readonly change: { readonly input: CommitReservationInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(CommitReservation)
export class CommitReservationHandler implements ICommandHandler<CommitReservation> {
  constructor(private readonly reservations: Reservations) {}

  execute({ reservationId, change }: CommitReservation): Promise<ReservationView> {
    const { input, ifMatch } = change;
    return this.reservations.change({ reservationId, itemIds: input.itemIds, ifMatch, decide: commit });
  }
}
