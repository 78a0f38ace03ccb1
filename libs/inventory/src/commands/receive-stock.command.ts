import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { EventStore } from '#platform/eventing';
import { IdOf, Instant, MoneyValue, Note, OneOf, Text, WholeNumber } from '#platform/http';
import { type Actor, type Money, newUuid } from '#platform/kernel';
import { Bus, UnitOfWork } from '#platform/persistence';
import { type MediaGrade, MEDIA_GRADES, type SleeveGrade, SLEEVE_GRADES } from '../domain/grades.js';
import { MOST_UNITS } from '../domain/guards.js';
import { inventoryErrors } from '../domain/inventory.errors.js';
import { fold } from '../domain/fold.js';
import { item } from '../domain/item.js';
import type { ItemKind } from '../domain/item-events.js';
import { receive } from '../domain/receive.js';
import { LONGEST } from '../domain/receive-item.js';
import { type StockItemView, stockItemView } from '../inventory.views.js';
import { openLocation } from '../locations.js';
import { liftWhenDue } from '../quarantine-timer.js';
import { releaseRefusal, releasesOf, usedOf } from '../releases.js';
import { asTaken, itemStream } from '../stock.js';

export class ReceiveStockInput {
  /** What it is a copy of. */
  @IdOf('release')
  readonly releaseId!: string;

  /** `single` for one graded copy, `pool` for a number of identical units. */
  @OneOf(['single', 'pool'])
  readonly kind!: ItemKind;

  /**
   * Units that arrive; 1 for a single copy.
   * @example 1
   */
  @WholeNumber({ min: 0, max: MOST_UNITS, optional: true })
  readonly quantity?: number;

  /** Where it is put; left out: the store's default location. */
  @IdOf('location', { optional: true })
  readonly locationId?: string;

  /**
   * What its label says; left out, a code is made.
   * @example "REC-000731"
   */
  @Text({ max: LONGEST.code, optional: true })
  readonly code?: string;

  /**
   * The store's own number for it.
   * @example "LP-731"
   */
  @Text({ max: LONGEST.sku, optional: true })
  readonly sku?: string;

  /** Left out for a single copy: it is withdrawn until it is graded. */
  @OneOf(MEDIA_GRADES, { optional: true })
  readonly mediaGrade?: MediaGrade;

  @OneOf(SLEEVE_GRADES, { optional: true })
  readonly sleeveGrade?: SleeveGrade;

  /** List price of a unit; left out: it is withdrawn until it has one. */
  @MoneyValue({ optional: true, example: { amount: 1999, currency: 'EUR' } })
  readonly price?: Money;

  /** What a unit has cost the store. */
  @MoneyValue({ optional: true, example: { amount: 800, currency: 'EUR' } })
  readonly cost?: Money;

  /**
   * For people.
   * @example "Promo stamp on the back."
   */
  @Note({ max: LONGEST.note, optional: true })
  readonly note?: string;

  /** It is quarantined until this instant. */
  @Instant({ optional: true, example: '2099-12-31T23:59:59.000Z' })
  readonly holdUntil?: string;

  /**
   * Which purchase or submission it came with.
   * @example "purchase 4711"
   */
  @Text({ max: 200, optional: true })
  readonly reference?: string;
}

/** Takes one item into stock. */
export class ReceiveStock extends Command<StockItemView> {
  constructor(
    readonly actor: Actor,
    readonly input: ReceiveStockInput,
  ) {
    super();
  }
}

@CommandHandler(ReceiveStock)
export class ReceiveStockHandler implements ICommandHandler<ReceiveStock> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly bus: Bus,
    private readonly events: EventStore,
  ) {}

  async execute({ actor, input }: ReceiveStock): Promise<StockItemView> {
    const { releaseId, locationId, reference, quantity = 1, ...arrival } = input;
    if (arrival.kind === 'single' && quantity !== 1) {
      throw inventoryErrors.single_quantity(
        'A single copy is one unit. Receive further copies as items of their own.',
        {
          errors: [{ pointer: '/quantity', code: 'single', message: 'This value must be 1 for a single copy.' }],
        },
      );
    }
    const release = (await releasesOf(this.bus, actor, [releaseId])).get(releaseId);
    const refusal = releaseRefusal(release);
    if (refusal) throw refusal;
    const location = await openLocation(this.work.current(), locationId);
    const itemId = newUuid();
    const provenance = {
      kind: reference ? ('purchase' as const) : ('manual' as const),
      ...(reference ? { reference } : {}),
    };
    const reception = { locationId: location.id, provenance, now: location.now };
    const event = receive(itemId, { ...arrival, quantity, ...usedOf(release, releaseId) }, reception);
    const stream = itemStream(actor.tenantId, itemId);
    const commands = input.holdUntil === undefined ? [] : [liftWhenDue(itemId, input.holdUntil)];
    await asTaken(() => this.events.append(stream, [event], { expected: 'none', commands }));
    return stockItemView(itemId, { state: fold(item.initial, [event]), version: 1 });
  }
}
