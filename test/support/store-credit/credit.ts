import { z } from 'zod';
import { type Decider, defineEvents } from '#platform/eventing';
import { declareErrors } from '#platform/kernel';

/** What happens to the store credit of a customer. Amounts are minor units. */
export type CreditEvent =
  | { readonly type: 'credit.granted'; readonly data: { readonly amount: number } }
  | { readonly type: 'credit.spent'; readonly data: { readonly amount: number; readonly order: string } };

defineEvents<CreditEvent>({
  'credit.granted': { version: 1, schema: z.strictObject({ amount: z.int().positive() }) },
  'credit.spent': {
    version: 2,
    schema: z.strictObject({ amount: z.int().positive(), order: z.string() }),
    // Version 1 did not say for what.
    upcast: { 1: (data) => ({ ...data, order: 'unknown' }) },
  },
});

/** What they add up to. */
export interface Credit {
  readonly balance: number;
}

export const credit: Decider<Credit, CreditEvent> = {
  category: 'credit.account',
  initial: { balance: 0 },
  evolve: ({ balance }, { type, data }) => ({
    balance: type === 'credit.granted' ? balance + data.amount : balance - data.amount,
  }),
  document: { schema: 1 },
};

const errors = declareErrors('credit', {
  not_enough: { problem: 'conflict', when: 'more is to be spent than there is' },
});

/** Spends of the credit, never more than there is. @throws credit.not_enough */
export const spend =
  (amount: number, order: string) =>
  ({ balance }: Credit): CreditEvent[] => {
    if (amount > balance) throw errors.not_enough(`There are ${balance} left.`);
    return [{ type: 'credit.spent', data: { amount, order } }];
  };
