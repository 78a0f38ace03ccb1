import { Module } from '@nestjs/common';
import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { GetReleaseFacts, type ReleaseFacts, SetStockStatus } from '#libs/catalog';

/** Releases that the double knows, by id. */
export const knownReleases = new Map<string, ReleaseFacts>();
/** What was sent to the catalogue. */
export const stockStatuses: { readonly releaseId: string; readonly available: number }[] = [];

@QueryHandler(GetReleaseFacts)
export class ReleaseFactsDouble implements IQueryHandler<GetReleaseFacts> {
  async execute({ ids }: GetReleaseFacts): Promise<readonly ReleaseFacts[]> {
    return ids.flatMap((id) => knownReleases.get(id) ?? []);
  }
}

@CommandHandler(SetStockStatus)
export class StockStatusDouble implements ICommandHandler<SetStockStatus> {
  async execute({ input }: SetStockStatus): Promise<void> {
    stockStatuses.push(...input.items);
  }
}

/** The catalogue as inventory sees it: releases that a test names, and what it is told of stock. */
@Module({ providers: [ReleaseFactsDouble, StockStatusDouble] })
export class CatalogDouble {}
