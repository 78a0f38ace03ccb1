import { Body, Controller, Get, HttpCode, Post, Res } from '@nestjs/common';
import { ApiTags } from '#api-document';
import {
  API_PREFIX,
  type ApiReply,
  CurrentActor,
  IdParam,
  IfMatch,
  type IfMatchCondition,
  Requires,
} from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { AllocateReservation } from './commands/allocate-reservation.command.js';
import { CommitReservation, CommitReservationInput } from './commands/commit-reservation.command.js';
import { ExtendReservation } from './commands/extend-reservation.command.js';
import { MakeReservation, MakeReservationInput } from './commands/make-reservation.command.js';
import { ReleaseReservation, ReleaseReservationInput } from './commands/release-reservation.command.js';
import { ReturnReservation, ReturnReservationInput } from './commands/return-reservation.command.js';
import { GetReservation } from './queries/get-reservation.query.js';
import type { MadeReservationView, ReservationView } from './reservation.views.js';

/** Stock that is promised: holds of carts, allocations of orders. */
@ApiTags('Reservations')
@Controller('inventory/reservations')
export class ReservationsController {
  constructor(private readonly bus: Bus) {}

  /**
   * Reserve stock. Several items are reserved in one decision, all of them or, with mode `partial`, what there is; a hold is over
   * after 15 minutes unless the request says otherwise. Where there is too little, the answer names every shortage and what is left.
   */
  @Post()
  @Requires('stock:reserve')
  async makeReservation(
    @CurrentActor() actor: Actor,
    @Body() input: MakeReservationInput,
    @Res({ passthrough: true }) reply: ApiReply,
  ): Promise<MadeReservationView> {
    const made = await this.bus.execute(new MakeReservation(actor, input));
    reply.header('location', `/${API_PREFIX}/inventory/reservations/${made.id}`);
    return made;
  }

  /** Read a reservation. A hold whose time is over is shown as expired: its units are free for others. */
  @Get(':id')
  @Requires('stock:reserve')
  getReservation(@CurrentActor() actor: Actor, @IdParam('id', 'reservation') id: string): Promise<ReservationView> {
    return this.bus.execute(new GetReservation(actor, id));
  }

  /** Extend the holds of a reservation. That is possible once, to ten minutes from now; what lasts longer is not cut short. */
  @Post(':id/extend')
  @HttpCode(200)
  @Requires('stock:reserve')
  extendReservation(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'reservation') id: string,

    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<ReservationView> {
    return this.bus.execute(new ExtendReservation(actor, id, { ifMatch }));
  }

  /** Allocate a reservation. Its holds become the allocation of an order and no longer expire. */
  @Post(':id/allocate')
  @HttpCode(200)
  @Requires('stock:reserve')
  allocateReservation(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'reservation') id: string,

    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<ReservationView> {
    return this.bus.execute(new AllocateReservation(actor, id, { ifMatch }));
  }

  /** Release a reservation. All of it, or the items and units that are named, are free for others. */
  @Post(':id/release')
  @HttpCode(200)
  @Requires('stock:reserve')
  releaseReservation(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'reservation') id: string,
    @Body() input: ReleaseReservationInput,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<ReservationView> {
    return this.bus.execute(new ReleaseReservation(actor, id, { input, ifMatch }));
  }

  /** Commit a reservation. The allocated goods have left the store: all of them, or the items that are named. */
  @Post(':id/commit')
  @HttpCode(200)
  @Requires('stock:reserve')
  commitReservation(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'reservation') id: string,
    @Body() input: CommitReservationInput,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<ReservationView> {
    return this.bus.execute(new CommitReservation(actor, id, { input, ifMatch }));
  }

  /** Return goods of a reservation. All that has left, or the items and units that are named, are back in stock. */
  @Post(':id/return')
  @HttpCode(200)
  @Requires('stock:reserve')
  returnReservation(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'reservation') id: string,
    @Body() input: ReturnReservationInput,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<ReservationView> {
    return this.bus.execute(new ReturnReservation(actor, id, { input, ifMatch }));
  }
}
