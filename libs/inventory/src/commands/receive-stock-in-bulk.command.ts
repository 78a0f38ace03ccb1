import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { EventStore } from '#platform/eventing';
import { type Actor, DomainError } from '#platform/kernel';
import { Bus, UnitOfWork } from '#platform/persistence';
import { BulkReception, type StockOutcome } from '../bulk-reception.js';
import type { ReceiveItem } from '../domain/receive-item.js';
import { openLocation } from '../locations.js';
import { releaseRefusal, releasesOf, usedOf } from '../releases.js';
import { Stock } from '../stock.js';

/** Receives or updates stock known by its key; joins the open unit; one outcome per item, in order. */
export class ReceiveStockInBulk extends Command<readonly StockOutcome[]> {
  constructor(
    readonly actor: Actor,
    readonly input: {
      /** A lower-case word such as `discogs` or `file`: keys are unique within it. */
      readonly source: string;
      readonly importId?: string;
      /** UUID; the default location if absent. */
      readonly locationId?: string;
      readonly items: readonly ReceiveItem[];
    },
  ) {
    super();
  }
}

@CommandHandler(ReceiveStockInBulk)
export class ReceiveStockInBulkHandler implements ICommandHandler<ReceiveStockInBulk> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly bus: Bus,
    private readonly events: EventStore,
    private readonly stock: Stock,
  ) {}

  async execute({ actor, input }: ReceiveStockInBulk): Promise<readonly StockOutcome[]> {
    const { source, importId, items } = input;
    const unit = this.work.current();
    const releases = await releasesOf(
      this.bus,
      actor,
      items.map(({ releaseId }) => releaseId).filter((id) => id.length === UUID_LENGTH),
    );
    const { id: locationId, now } = await openLocation(unit, input.locationId);
    const reception = new BulkReception(unit, this.events, this.stock, { source, importId, locationId, now });
    return reception.run(items, (releaseId) => {
      const facts = releases.get(releaseId);
      const refusal = releaseRefusal(facts);
      return refusal instanceof DomainError ? refusal : usedOf(facts, releaseId);
    });
  }
}

const UUID_LENGTH = 36;
