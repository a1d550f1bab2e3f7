-- What a reverse or repeated copy brings replaces what is there.
create or replace function sparrow.replace_replicated() returns trigger language plpgsql as $$
begin
  if tg_table_name = 'records' then delete from sparrow.records where slot = new.slot and k = new.k;
  elsif tg_table_name = 'entries' then delete from sparrow.entries where slot = new.slot and k = new.k;
  elsif tg_table_name = 'feed' then delete from sparrow.feed where slot = new.slot and tab = new.tab and n = new.n;
  elsif tg_table_name = 'feed_heads' then delete from sparrow.feed_heads where slot = new.slot and tab = new.tab;
  else delete from sparrow.marks where slot = new.slot and move = new.move;
  end if;
  return new;
end $$;
do $$ declare t text; begin
  foreach t in array array['records', 'entries', 'feed', 'feed_heads', 'marks'] loop
    execute format('drop trigger if exists replace_replicated on sparrow.%I', t);
    execute format('create trigger replace_replicated before insert on sparrow.%I for each row execute function sparrow.replace_replicated()', t);
    execute format('alter table sparrow.%I enable replica trigger replace_replicated', t);
  end loop;
end $$;

-- Waits on the target until a mark has come through the replication. Each statement of a VOLATILE function sees what
-- was committed meanwhile. 55P03 is what a lock that was not to be had answers, too: try again.
create or replace function sparrow.await_mark(p_slot int, p_move text, p_n bigint, p_ms int) returns void
language plpgsql volatile as $$
declare until timestamptz := clock_timestamp() + p_ms * interval '1 ms';
begin
  while not exists (select from sparrow.marks where slot = p_slot and move = p_move and n = p_n) loop
    if clock_timestamp() > until then raise exception 'no mark in % ms', p_ms using errcode = '55P03'; end if;
    perform pg_sleep(0.002);
  end loop;
end $$;
