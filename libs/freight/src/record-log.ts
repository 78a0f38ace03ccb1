import { plainArray, textArray, type Unit } from '#platform/persistence';
import { FAILURE_CLASSES } from './domain/failure-class.js';
import { OUTCOMES, type Outcome, type Reason, type RecordResult, type TargetResult } from './domain/record-outcome.js';
import type { JobCounts } from './job-rows.js';

/** Longest text of the log; what is longer is cut, for it may quote a cell. */
const MESSAGE_LENGTH = 500;
const KEY_LENGTH = 300;

/** Which attempt of which batch the lines are of. */
export interface LogOf {
  readonly jobId: string;
  readonly batchNo: number;
  readonly attempt: number;
}

/** The number that stands for an outcome in the log. */
export const outcomeNo = (outcome: Outcome): number => OUTCOMES.indexOf(outcome) + 1;

/** Columns that are sent as one array each; most batches have no reasons, and make either releases or copies of them. */
const COLUMNS = {
  line: ['row_no bigint', 'outcome smallint', 'external_id text'],
  reason: ['class smallint', 'code text', 'field text', 'message text'],
  release: ['release_id uuid', 'release_action smallint', 'release_version int'],
  stock: ['stock_id uuid', 'stock_action smallint', 'stock_version int'],
} as const;
type Part = keyof typeof COLUMNS;

function appendSql(parts: readonly Part[]): string {
  const columns = parts.flatMap((part) => COLUMNS[part]).map((column) => column.split(' '));
  const names = columns.map(([name]) => name).join(', ');
  const arrays = columns.map(([, type], index) => `$${index + 5}::${type}[]`).join(', ');
  return `insert into freight.record_log (tenant_id, job_id, batch_no, attempt, at, ${names})
    select $1, $2, $3, $4, now(), r.* from unnest(${arrays}) as r`;
}

/** Writes one line per record. */
export async function appendLog(
  unit: Unit,
  { jobId, batchNo, attempt }: LogOf,
  results: readonly RecordResult[],
): Promise<void> {
  if (results.length === 0) return;
  const has = (part: Exclude<Part, 'line'>): boolean => results.some((result) => result[part] !== undefined);
  const parts = (['line', 'reason', 'release', 'stock'] as const).filter((part) => part === 'line' || has(part));
  await unit.prepared(`freight_append_log ${parts.join(' ')}`, appendSql(parts), [
    unit.tenantId,
    jobId,
    batchNo,
    attempt,
    ...parts.flatMap((part) => VALUES[part](results)),
  ]);
}

/** Arrays of a part's columns. */
const VALUES: Readonly<Record<Part, (results: readonly RecordResult[]) => string[]>> = {
  line: (results) => [
    plainArray(results.map(({ rowNo }) => rowNo)),
    plainArray(results.map(({ outcome }) => outcomeNo(outcome))),
    textArray(results.map(({ key }) => key?.slice(0, KEY_LENGTH) ?? null)),
  ],
  reason: (results) => {
    const reasons = results.map(({ reason }) => reason);
    return [
      plainArray(reasons.map((reason) => (reason ? FAILURE_CLASSES.indexOf(reason.class) + 1 : null))),
      textArray(reasons.map((reason) => reason?.code ?? null)),
      textArray(reasons.map((reason) => reason?.field?.slice(0, KEY_LENGTH) ?? null)),
      textArray(reasons.map((reason) => reason?.message.slice(0, MESSAGE_LENGTH) ?? null)),
    ];
  },
  release: (results) => made(results.map(({ release }) => release)),
  stock: (results) => made(results.map(({ stock }) => stock)),
};

/** Ids, actions and versions of what was made. */
function made(targets: readonly (TargetResult | undefined)[]): string[] {
  const done = targets.map((target) => (target && target.outcome !== 'failed' ? target : undefined));
  return [
    plainArray(done.map((target) => target?.id ?? null)),
    plainArray(done.map((target) => (target ? outcomeNo(target.outcome) : null))),
    plainArray(done.map((target) => target?.version ?? null)),
  ];
}

/** Writes the same failure for all rows of a batch. */
export async function appendFailures(
  unit: Unit,
  { jobId, batchNo, attempt }: LogOf,
  rows: readonly number[],
  reason: Reason,
): Promise<void> {
  await unit.run(
    `insert into freight.record_log (tenant_id, job_id, batch_no, attempt, at, row_no, outcome, class, code, message)
     select $1, $2, $3, $4, now(), r, $6, $7, $8, $9 from unnest($5::bigint[]) as r`,
    [
      unit.tenantId,
      jobId,
      batchNo,
      attempt,
      rows,
      outcomeNo('failed'),
      FAILURE_CLASSES.indexOf(reason.class) + 1,
      reason.code,
      reason.message.slice(0, MESSAGE_LENGTH),
    ],
  );
}

const MADE = { created: 'Created', updated: 'Updated', unchanged: 'Unchanged' } as const;

/** What the lines add to a job's counts. @param isRepetition they replace an outcome `failed` */
export function countsIn(results: readonly RecordResult[], isRepetition: boolean): Partial<JobCounts> {
  const counts: Partial<Record<keyof JobCounts, number>> = {};
  const add = (name: keyof JobCounts, number = 1): void => void (counts[name] = (counts[name] ?? 0) + number);
  for (const { outcome, release, stock } of results) {
    add(outcome);
    if (release && release.outcome !== 'failed') add(`release${MADE[release.outcome]}`);
    if (stock && stock.outcome !== 'failed') add(`stock${MADE[stock.outcome]}`);
  }
  if (isRepetition) {
    add('failed', -results.length);
    add('retried', results.length);
  }
  return counts;
}
