-- I7: the versions of a stream are 1 to n without a gap, and the stream says n
select e.stream_id::text || ': ' || count(*) || ' events up to version ' || max(e.version) || ', the stream says ' || coalesce(s.version::text, 'nothing') as breach
  from es.events e left join es.streams s on s.tenant_id = e.tenant_id and s.stream_id = e.stream_id
 where e.tenant_id = $1
 group by e.stream_id, s.version
having min(e.version) <> 1 or max(e.version) <> count(*) or s.version is distinct from max(e.version);

-- I7: positions rise with the versions of a stream
select o.stream_id::text || ': version ' || o.version || ' stands before the one before it' as breach
  from (select e.stream_id, e.version, e.position, lag(e.position) over (partition by e.stream_id order by e.version) as before
          from es.events e where e.tenant_id = $1) o
 where o.position <= o.before;

-- I7: a stream has events
select s.stream_id::text || ': a stream without events' as breach
  from es.streams s
 where s.tenant_id = $1 and not exists (select from es.events e where e.tenant_id = $1 and e.stream_id = s.stream_id);
