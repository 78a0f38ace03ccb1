import { z } from 'zod';
import { defineEvents, type FeedEvent, type IProcessManager, ProcessManager, type Reaction } from '#platform/eventing';

interface Began {
  readonly type: 'credit.expiry-began';
  readonly data: { readonly account: string };
}
defineEvents<Began>({
  'credit.expiry-began': { version: 1, schema: z.strictObject({ account: z.string() }) },
});

const YEAR_MS = 365 * 24 * 3_600_000;

/** Takes credit back when nothing has been granted for a year. */
@ProcessManager({ name: 'credit.expiry', events: ['credit.granted'], startAt: 'beginning' })
export class Expiry implements IProcessManager<{ readonly account: string }> {
  readonly initial = { account: '' };

  correlate({ streamId: account }: FeedEvent): string {
    return account;
  }

  evolve(_state: { readonly account: string }, { data }: Began): { readonly account: string } {
    return data;
  }

  react(_state: { readonly account: string }, { streamId: account, recordedAt }: FeedEvent): Reaction {
    return {
      facts: [{ type: 'credit.expiry-began', data: { account } }],
      timers: [{ timer: 'unused', at: new Date(recordedAt.getTime() + YEAR_MS) }],
    };
  }

  timeUp({ account }: { readonly account: string }): Reaction {
    return { commands: [{ command: 'credit.expire', payload: { account } }] };
  }
}
