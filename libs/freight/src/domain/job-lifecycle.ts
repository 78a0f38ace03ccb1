import { freightErrors } from './freight.errors.js';
import { CODES } from './codes.js';

/** States of a job. */
export const JOB_STATES = [
  'planning',
  'running',
  'paused',
  'cancelling',
  'completed',
  'completed_with_errors',
  'failed',
  'cancelled',
] as const;
export type JobState = (typeof JOB_STATES)[number];

/** Where a job's work stands. A paused job goes on in its phase. */
export type JobPhase = 'planning' | 'records' | 'done';

/** What can be done with a job. */
export const JOB_COMMANDS = ['pause', 'resume', 'cancel', 'retry'] as const;
export type JobCommand = (typeof JOB_COMMANDS)[number];

const ALLOWED: Record<JobState, readonly JobCommand[]> = {
  planning: ['pause', 'cancel'],
  running: ['pause', 'cancel'],
  paused: ['resume', 'cancel'],
  cancelling: [],
  completed: ['retry'],
  completed_with_errors: ['retry'],
  failed: ['retry'],
  cancelled: ['retry'],
};

/** The commands that a job in this state takes. */
export function allowedForJob(state: JobState): readonly JobCommand[] {
  return ALLOWED[state];
}

/** @throws freight.job_transition when a job in this state does not take the command */
export function assertJobMay(state: JobState, command: JobCommand): void {
  const allowed = ALLOWED[state];
  if (allowed.includes(command)) return;
  const text = `The job is ${state}: it cannot take the command ${command}.`;
  throw freightErrors.job_transition(text, { currentState: state, allowed });
}

/** Whether nothing of the job will happen any more unless somebody asks for it. */
export function isOver(state: JobState): boolean {
  return allowedForJob(state).includes('retry');
}

/** The state in which a paused job goes on. */
export function resumed(phase: JobPhase): JobState {
  return phase === 'planning' ? 'planning' : 'running';
}

/** What is known of a job whose batches are all over. */
export interface JobEnd {
  readonly state: JobState;
  /** Why the job is to fail whatever its records say, such as a spent error budget. */
  readonly failureCode: string | null;
  readonly counts: RecordCounts;
  /** Records of the source. */
  readonly totalRows: number;
  /** Records of the batches that planning made. */
  readonly plannedRows: number;
  /** Records that have at least one line in the log. */
  readonly loggedRows: number;
}

/** Records by their latest outcome. */
export interface RecordCounts {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly skipped: number;
  readonly failed: number;
}

/** How a job ended. */
export type Ending =
  | { readonly state: 'completed' | 'completed_with_errors' | 'cancelled' }
  | { readonly state: 'failed'; readonly code?: string; readonly message?: string };

/**
 * How a job ends whose batches are over. It never completes unless every record of the source has exactly one outcome and its line
 * in the log: a sum that does not come out fails the job loudly.
 */
export function endOf({ state, failureCode, counts, totalRows, plannedRows, loggedRows }: JobEnd): Ending {
  if (failureCode !== null) return { state: 'failed' };
  if (state === 'cancelling') return { state: 'cancelled' };
  const outcomes = counts.created + counts.updated + counts.unchanged + counts.skipped + counts.failed;
  if (outcomes !== totalRows || plannedRows !== totalRows || loggedRows !== totalRows) {
    const message = `${totalRows} records were read, ${plannedRows} planned, ${outcomes} have an outcome and ${loggedRows} a line in the log.`;
    return { state: 'failed', code: CODES.accountingMismatch, message };
  }
  return { state: counts.failed > 0 ? 'completed_with_errors' : 'completed' };
}
