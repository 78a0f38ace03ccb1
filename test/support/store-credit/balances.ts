import { type FeedEvent, type IProjection, Projection } from '#platform/eventing';
import type { Unit } from '#platform/persistence';
import { readModel } from '../../../libs/platform/persistence/migrations/read-model-kit.js';
import type { CreditEvent } from './credit.js';

/** For the context's migration: two tables, and a view over the one that is shown. */
export const BALANCE = readModel({
  name: 'credit.balance',
  projection: 'credit.balances',
  columns: 'account uuid not null, balance bigint not null, primary key (tenant_id, account)',
});

/** Balances of the accounts. */
@Projection({
  name: 'credit.balances',
  version: 1,
  events: ['credit.granted', 'credit.spent'],
  views: ['credit.balance'],
})
export class Balances implements IProjection {
  async apply(events: readonly FeedEvent[], unit: Unit, table: (view: string) => string): Promise<void> {
    const sums = new Map<string, number>();
    for (const { streamId: account, type, data } of events) {
      const { amount } = data as CreditEvent['data'];
      sums.set(account, (sums.get(account) ?? 0) + (type === 'credit.granted' ? amount : -amount));
    }
    await unit.run(
      `insert into ${table('credit.balance')} as b (tenant_id, account, balance)
       select $1, n.account, n.sum from unnest($2::uuid[], $3::bigint[]) as n (account, sum)
           on conflict (tenant_id, account) do update set balance = b.balance + excluded.balance`,
      [unit.tenantId, [...sums.keys()], [...sums.values()]],
    );
  }
}
