/** What every job that is over keeps: one outcome per record, one line per attempt, sums of batches, lines and counters equal. */
export const ACCOUNTING = `
  with over as (select * from freight.job where state in ('completed', 'completed_with_errors')),
  latest as (select l.* from freight.record_latest l join over j on j.tenant_id = l.tenant_id and j.id = l.job_id),
  sums as (
    select c.tenant_id, c.job_id, sum(c.created)::bigint as created, sum(c.updated)::bigint as updated, sum(c.unchanged)::bigint as unchanged,
      sum(c.skipped)::bigint as skipped, sum(c.failed)::bigint as failed from freight.job_counter c group by 1, 2)
  select 'a record without a line: job ' || j.id as fault from over j
   where j.total_rows <> (select count(*) from latest l where l.tenant_id = j.tenant_id and l.job_id = j.id)
  union all
  select 'a hole among the rows: job ' || j.id from over j
   where j.total_rows > 0 and (select array[min(l.row_no), max(l.row_no)] from latest l where l.tenant_id = j.tenant_id and l.job_id = j.id)
     <> array[1, j.total_rows]
  union all
  select 'counters and lines differ: job ' || j.id from over j join sums s on s.tenant_id = j.tenant_id and s.job_id = j.id
   where (s.created, s.updated, s.unchanged, s.skipped, s.failed) is distinct from (
     select (count(*) filter (where outcome = 1), count(*) filter (where outcome = 2), count(*) filter (where outcome = 3),
       count(*) filter (where outcome = 4), count(*) filter (where outcome = 5))
     from latest l where l.tenant_id = j.tenant_id and l.job_id = j.id)
  union all
  select 'batches and rows differ: job ' || j.id from over j
   where j.total_rows <> (select coalesce(sum(row_count), 0) from freight.batch b
     where b.tenant_id = j.tenant_id and b.job_id = j.id and b.origin = 'plan')
  union all
  select 'work left behind: task ' || t.id from jobs.task t join over j on j.tenant_id = t.tenant_id and j.id = t.parent_id
   where t.finished_at is null and t.kind <> 'freight.finish'`;
