import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IdOf, ListOf, OneOf, Text, WholeNumber } from '#platform/http';
import { type Actor, DomainError, newUuid } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { HOLD_MS, MOST_CLAIMED, MOST_HOLD_MS } from '../domain/claims.js';
import { inventoryErrors } from '../domain/inventory.errors.js';
import { planReservation, type Shortage, type Terms } from '../domain/reservation-plan.js';
import { settled } from '../domain/settle.js';
import { type MadeReservationView, readReservation, shortageViews } from '../reservation.views.js';
import { type LockedItem, overdueHolds, Stock } from '../stock.js';

/** Lines of one reservation: more would lock half a store. */
const MOST_LINES = 100;

export class WishInput {
  /** What is wanted. */
  @IdOf('stockItem')
  readonly itemId!: string;

  /**
   * How many units. Lines that name the same item are summed.
   * @example 1
   */
  @WholeNumber({ min: 1, max: MOST_CLAIMED })
  readonly quantity!: number;

  /** Only from there; left out: from wherever there is enough. */
  @IdOf('location', { optional: true })
  readonly locationId?: string;
}

export class MakeReservationInput {
  @ListOf(() => WishInput, { min: 1, max: MOST_LINES })
  readonly items!: WishInput[];

  /** `all_or_nothing` unless said otherwise; `partial` takes what there is and reports the rest. */
  @OneOf(['all_or_nothing', 'partial'], { optional: true })
  readonly mode?: 'all_or_nothing' | 'partial';

  /** `held` for a cart, unless said otherwise; `allocated` for an order: it does not expire. */
  @OneOf(['held', 'allocated'], { optional: true })
  readonly state?: 'held' | 'allocated';

  /**
   * How long a hold lasts; 900 unless said otherwise.
   * @example 900
   */
  @WholeNumber({ min: 1, max: MOST_HOLD_MS / 1_000, optional: true })
  readonly holdSeconds?: number;

  /**
   * Whose it is, such as the cart's or the order's number.
   * @example "cart 4711"
   */
  @Text({ max: 100, optional: true })
  readonly reference?: string;
}

/** Promises stock to a cart or an order: several items in one decision, never more than there is. */
export class MakeReservation extends Command<MadeReservationView> {
  constructor(
    readonly actor: Actor,
    readonly input: MakeReservationInput,
  ) {
    super();
  }
}

@CommandHandler(MakeReservation)
export class MakeReservationHandler implements ICommandHandler<MakeReservation> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly stock: Stock,
  ) {}

  async execute({ input }: MakeReservation): Promise<MadeReservationView> {
    const unit = this.work.current();
    const reservationId = newUuid();
    const itemIds = [...new Set(input.items.map(({ itemId }) => itemId))].sort();
    const shortages: Shortage[] = [];
    await this.stock.changeMany(itemIds, async (items, now) => {
      assertKnown(items, input);
      const holds = items.some(isReserved) ? await overdueHolds(unit, itemIds) : [];
      const claimable = items.map(({ itemId, state }) => ({
        itemId,
        state,
        holds: holds.filter((hold) => hold.itemId === itemId),
      }));
      const plan = outward(() => planReservation(claimable, input.items, termsOf(reservationId, input, now), now));
      shortages.push(...plan.shortages);
      return items.map(({ state }, index) => settled(state, plan.events[index] ?? []));
    });
    const made = await readReservation(unit, reservationId);
    if (!made) throw new Error('a reservation that was made has lines');
    return { ...made, shortages: shortageViews(shortages) };
  }
}

function termsOf(
  reservationId: string,
  { state = 'held', mode, holdSeconds, reference }: MakeReservationInput,
  now: Date,
): Terms {
  const holdMs = holdSeconds === undefined ? HOLD_MS : holdSeconds * 1_000;
  return {
    reservationId,
    state,
    partial: mode === 'partial',
    ...(state === 'held' ? { expiresAt: new Date(now.getTime() + holdMs) } : {}),
    ...(reference === undefined ? {} : { reference }),
  };
}

const isReserved = ({ state }: LockedItem): boolean => Object.values(state.levels).some(({ reserved }) => reserved > 0);

function assertKnown(items: readonly LockedItem[], input: MakeReservationInput): void {
  const unknown = new Set(items.filter(({ version }) => version === 0).map(({ itemId }) => itemId));
  if (unknown.size === 0) return;
  const errors = input.items.flatMap(({ itemId }, index) =>
    unknown.has(itemId)
      ? [{ pointer: `/items/${index}/itemId`, code: 'unknown', message: 'There is no such stock item.' }]
      : [],
  );
  throw inventoryErrors.item_not_found('There is no such stock item. Check the ids that errors points to.', { errors });
}

/** A refusal names items by the ids that callers know. */
function outward<T>(decide: () => T): T {
  try {
    return decide();
  } catch (error) {
    if (!(error instanceof DomainError) || error.members['shortages'] === undefined) throw error;
    const shortages = shortageViews(error.members['shortages'] as readonly Shortage[]);
    throw new DomainError(error.problem, error.code, error.message, { ...error.members, shortages });
  }
}
