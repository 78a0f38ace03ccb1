-- D1: a single copy has at most one live claim
select l.item_id::text || ': ' || count(*) || ' live claims on one copy' as breach
  from inventory.reservation_line l
 where l.tenant_id = $1 and l.single and l.state in ('held', 'allocated', 'committed')
 group by l.item_id having count(*) > 1;

-- D2: 0 <= held + allocated <= on hand
select a.item_id::text || ' at ' || a.location_id || ': held ' || a.held || ', allocated ' || a.allocated || ', on hand ' || a.on_hand as breach
  from inventory.availability a
 where a.tenant_id = $1 and (a.held < 0 or a.allocated < 0 or a.on_hand < 0 or a.held + a.allocated > a.on_hand);

-- D3, I3: what is on hand is what the events add up to
with moved as (
  select e.stream_id as item_id, m.location_id, sum(m.units) as units
    from es.events e,
 lateral (
   select (e.data->>'locationId')::uuid, (e.data->>'quantity')::bigint where e.type in ('inventory.stock-received', 'inventory.stock-returned')
   union all
   select (e.data->>'locationId')::uuid, (e.data->>'delta')::bigint where e.type in ('inventory.stock-adjusted', 'inventory.stock-counted')
   union all
   select (e.data->>'from')::uuid, -(e.data->>'quantity')::bigint where e.type = 'inventory.stock-transferred'
   union all
   select (e.data->>'to')::uuid, (e.data->>'quantity')::bigint where e.type = 'inventory.stock-transferred'
   union all
   select (e.data->>'locationId')::uuid, -(e.data->>'quantity')::bigint where e.type = 'inventory.reservation-committed'
   union all
   select (l->>'locationId')::uuid, -(l->>'quantity')::bigint
     from jsonb_array_elements(case when e.type = 'inventory.item-written-off' then e.data->'losses' else '[]' end) as l
 ) as m (location_id, units)
   where e.tenant_id = $1 and e.type like 'inventory.%'
   group by e.stream_id, m.location_id)
select coalesce(m.item_id, a.item_id)::text || ' at ' || coalesce(m.location_id, a.location_id) || ': on hand ' || coalesce(a.on_hand, 0)
       || ', the events say ' || coalesce(m.units, 0) as breach
  from moved m
  full join (select * from inventory.availability where tenant_id = $1) a on a.item_id = m.item_id and a.location_id = m.location_id
 where coalesce(a.on_hand, 0) <> coalesce(m.units, 0);

-- D3: the level of a location is the sum of its movements
select coalesce(m.item_id, l.item_id)::text || ' at ' || coalesce(m.location_id, l.location_id) || ': level ' || coalesce(l.on_hand, 0)
       || ', movements ' || coalesce(m.units, 0) as breach
  from (select item_id, location_id, sum(quantity) as units from inventory.movement where tenant_id = $1 group by item_id, location_id) m
  full join (select * from inventory.stock_level where tenant_id = $1) l on l.item_id = m.item_id and l.location_id = m.location_id
 where coalesce(l.on_hand, 0) <> coalesce(m.units, 0);

-- I3: what is held and allocated is the sum of the live lines
select coalesce(l.item_id, a.item_id)::text || ' at ' || coalesce(l.location_id, a.location_id) || ': held ' || coalesce(a.held, 0) || ', lines '
       || coalesce(l.held, 0) || '; allocated ' || coalesce(a.allocated, 0) || ', lines ' || coalesce(l.allocated, 0) as breach
  from (select item_id, location_id, coalesce(sum(quantity) filter (where state = 'held'), 0) as held,
               coalesce(sum(quantity) filter (where state = 'allocated'), 0) as allocated
          from inventory.reservation_line where tenant_id = $1 group by item_id, location_id) l
  full join (select * from inventory.availability where tenant_id = $1) a on a.item_id = l.item_id and a.location_id = l.location_id
 where coalesce(a.held, 0) <> coalesce(l.held, 0) or coalesce(a.allocated, 0) <> coalesce(l.allocated, 0);

-- I4: a single copy is there once or not at all, and not while it is sold
select i.id::text || ': ' || sum(a.on_hand) || ' units of one copy' || case when s.sold then ', which is sold' else '' end as breach
  from inventory.item i
  join inventory.availability a on a.tenant_id = $1 and a.item_id = i.id
 cross join lateral (select exists (select from inventory.reservation_line l
   where l.tenant_id = $1 and l.item_id = i.id and l.state = 'committed') as sold) s
 where i.tenant_id = $1 and i.single
 group by i.id, s.sold having sum(a.on_hand) > case when s.sold then 0 else 1 end;

-- I5: no hold is over for more than 60 s
select l.reservation_id::text || ' of ' || l.item_id || ': a hold that was over at ' || l.expires_at as breach
  from inventory.reservation_line l
 where l.tenant_id = $1 and l.state = 'held' and l.expires_at < clock_timestamp() - interval '60 s';

-- I6: where the list has come to the end of the events, it shows what is on hand
select s.item_id::text || ': the list shows ' || s.on_hand || ', on hand are ' || coalesce(sum(a.on_hand), 0) as breach
  from inventory.stock_row s left join inventory.availability a on a.tenant_id = $1 and a.item_id = s.item_id
 where s.tenant_id = $1
   and (select p.position from es.projections p where p.name = 'inventory.stock-list' and p.status = 'live')
       >= (select max(e.position) from es.events e where e.tenant_id = $1)
 group by s.item_id, s.on_hand having s.on_hand <> coalesce(sum(a.on_hand), 0);

-- D14: nothing leaves quarantine before its time, or by anything but the end of the quarantine
select o.stream_id::text || ': ' || o.type || ' at ' || o.recorded_at || ', quarantined until ' || o.hold_until as breach
  from (select e.stream_id, e.type, e.recorded_at,
               lag(e.data->>'holdUntil') over w as hold_until, lag(e.type) over w as before
          from es.events e
         where e.tenant_id = $1
           and e.type in ('inventory.stock-received', 'inventory.item-quarantined', 'inventory.quarantine-lifted', 'inventory.item-withdrawn',
                          'inventory.item-relisted')
        window w as (partition by e.stream_id order by e.version)) o
 where o.hold_until is not null
   and (o.recorded_at < o.hold_until::timestamptz and o.type <> 'inventory.item-quarantined'
        or o.type not in ('inventory.quarantine-lifted', 'inventory.item-quarantined'));
