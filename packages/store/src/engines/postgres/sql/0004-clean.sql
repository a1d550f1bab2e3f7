-- What goes by itself: deleted rows whose requests nobody repeats any more, and old entries of change feeds. Only the
-- owner of a slot removes, under the slot's lock like a write: a shard that gets a slot, or had it, learns it by the
-- replication, so both sides of a move hold the same. A slot whose lock is not to be had at once waits for the next
-- turn.

create or replace function sparrow.purge(p_age_ms bigint, p_limit int) returns int language plpgsql volatile as $$
declare before bigint := floor(extract(epoch from clock_timestamp()) * 1000)::bigint - p_age_ms;
  d record; gone int := 0; own int;
begin
  for d in
    select slot, array_agg(row_id) as rows from (
      select r.slot, r.ctid as row_id from sparrow.records r join sparrow.owners o on o.slot = r.slot and o.state = 'o'
      where r.v is null and r.mod < before order by r.mod limit p_limit) dead
    group by slot order by slot limit 256
  loop
    continue when not pg_try_advisory_xact_lock_shared(77, d.slot);
    continue when not exists (select from sparrow.owners where slot = d.slot and state = 'o');
    -- A row may have come back to life since: its place is another one then, or it is seen here.
    delete from sparrow.records where ctid = any (array(
      select ctid from sparrow.records where ctid = any (d.rows) and slot = d.slot and v is null and mod < before
      for update skip locked));
    get diagnostics own = row_count;
    gone := gone + own;
  end loop;
  return gone;
end $$;

-- Entries of a table's feed that are older than `p_before`, from the oldest on and up to the first that is not.
create or replace function sparrow.trim_feed(p_tab bigint, p_before bigint, p_limit int) returns int
language plpgsql volatile as $$
declare s int; gone int := 0; own int; kept bigint;
begin
  for s in
    select h.slot from sparrow.feed_heads h join sparrow.owners o on o.slot = h.slot and o.state = 'o'
    where h.tab = p_tab and p_before > (
      select f.at from sparrow.feed f where f.slot = h.slot and f.tab = h.tab order by f.n limit 1)
    order by h.slot limit 256
  loop
    exit when gone >= p_limit;
    continue when not pg_try_advisory_xact_lock_shared(77, s);
    continue when not exists (select from sparrow.owners where slot = s and state = 'o');
    select min(f.n) into kept from (
      select n, at from sparrow.feed where slot = s and tab = p_tab order by n limit p_limit) f where f.at >= p_before;
    delete from sparrow.feed where slot = s and tab = p_tab and n = any (array(
      select n from sparrow.feed where slot = s and tab = p_tab and n < coalesce(kept, 9223372036854775807)
      order by n limit p_limit for update skip locked));
    get diagnostics own = row_count;
    gone := gone + own;
  end loop;
  return gone;
end $$;
