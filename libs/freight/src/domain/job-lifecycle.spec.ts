import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DomainError } from '#platform/kernel';
import { assertJobMay, endOf, isOver, JOB_COMMANDS, JOB_STATES, type JobEnd, resumed } from './job-lifecycle.js';

/** Every state with every command, written out a second time by hand: yes or no. */
const TABLE = {
  planning: { pause: true, resume: false, cancel: true, retry: false },
  running: { pause: true, resume: false, cancel: true, retry: false },
  paused: { pause: false, resume: true, cancel: true, retry: false },
  cancelling: { pause: false, resume: false, cancel: false, retry: false },
  completed: { pause: false, resume: false, cancel: false, retry: true },
  completed_with_errors: { pause: false, resume: false, cancel: false, retry: true },
  failed: { pause: false, resume: false, cancel: false, retry: true },
  cancelled: { pause: false, resume: false, cancel: false, retry: true },
} as const;
const pairs = JOB_STATES.flatMap((state) =>
  JOB_COMMANDS.map((command) => [state, command, TABLE[state][command]] as const),
);

describe('life of a job', () => {
  it.each(pairs)('given a job that is %s, when told to %s, then allowed is %s', (state, command, allowed) => {
    const attempt = (): void => assertJobMay(state, command);
    if (allowed) expect(attempt).not.toThrow();
    else expect(attempt).toThrow(DomainError);
  });

  it('a refusal names the state and what is possible in it', () => {
    expect(() => assertJobMay('paused', 'pause')).toThrow(
      expect.objectContaining({
        code: 'freight.job_transition',
        members: { currentState: 'paused', allowed: ['resume', 'cancel'] },
      }),
    );
  });

  it('is over exactly where it can be begun anew', () => {
    expect(JOB_STATES.filter(isOver)).toEqual(['completed', 'completed_with_errors', 'failed', 'cancelled']);
  });

  it('goes on where it was paused', () => {
    expect([resumed('planning'), resumed('records')]).toEqual(['planning', 'running']);
  });
});

describe('end of a job', () => {
  const counts = fc.record({
    created: fc.nat(50),
    updated: fc.nat(50),
    unchanged: fc.nat(50),
    skipped: fc.nat(50),
    failed: fc.nat(50),
  });
  const sum = ({ created, updated, unchanged, skipped, failed }: JobEnd['counts']): number =>
    created + updated + unchanged + skipped + failed;
  const ended = (of: JobEnd['counts'], more: Partial<JobEnd> = {}): JobEnd => ({
    state: 'running',
    failureCode: null,
    counts: of,
    totalRows: sum(of),
    plannedRows: sum(of),
    loggedRows: sum(of),
    ...more,
  });

  it('is complete when every record has one outcome, and says whether some failed', () => {
    fc.assert(
      fc.property(counts, (of) => {
        expect(endOf(ended(of)).state).toBe(of.failed > 0 ? 'completed_with_errors' : 'completed');
      }),
    );
  });

  it('never is when a sum does not come out, whichever', () => {
    const off = fc.integer({ min: -5, max: 5 }).filter((by) => by !== 0);
    const which = fc.constantFrom('totalRows', 'plannedRows', 'loggedRows');
    fc.assert(
      fc.property(counts, which, off, (of, member, by) => {
        const end = endOf(ended(of, { [member]: sum(of) + by }));
        expect(end).toMatchObject({ state: 'failed', code: 'freight.accounting_mismatch' });
      }),
    );
  });

  it('is the one that was asked for when it was cancelled or had a reason to fail', () => {
    const of = { created: 1, updated: 0, unchanged: 0, skipped: 0, failed: 3 };
    expect(endOf(ended(of, { state: 'cancelling', totalRows: 100 }))).toEqual({ state: 'cancelled' });
    expect(endOf(ended(of, { state: 'cancelling', failureCode: 'freight.budget_exceeded', totalRows: 100 }))).toEqual({
      state: 'failed',
    });
  });
});
