/**
 * What a shard holds. `owners` and `marks` belong to the slots and their mover and know nothing of records; the other tables are moved
 * because they have a column `slot`.
 */
export const SHARD_TABLES = `
create schema if not exists sparrow;
create table if not exists sparrow.owners (
  slot int primary key,
  -- o owned, f fenced (moving away), a away
  state "char" not null,
  epoch bigint not null
);
create table if not exists sparrow.owners_version (one bool primary key default true check (one), version bigint not null);
insert into sparrow.owners_version values (true, 1) on conflict do nothing;
create table if not exists sparrow.marks (
  slot int not null, move text not null, n bigint not null, primary key (slot, move)
);
create table if not exists sparrow.records (
  slot int not null,
  k bytea not null,
  rev bigint not null,
  ver int not null,
  exp bigint not null,
  mod bigint not null,
  -- null: deleted, kept a while so that a repeated request is known
  v bytea,
  ix bytea[],
  -- the last changes, 16 bytes each: revision, version, time in seconds
  recent bytea not null,
  primary key (slot, k)
) with (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05);
create index if not exists records_dead on sparrow.records (mod) where v is null;
create table if not exists sparrow.entries (
  slot int not null, k bytea not null, r bytea not null, primary key (k, slot)
);
create index if not exists entries_slot on sparrow.entries (slot);
create table if not exists sparrow.feed_heads (
  slot int not null, tab bigint not null, n bigint not null, primary key (slot, tab)
) with (fillfactor = 50);
create table if not exists sparrow.feed (
  slot int not null, tab bigint not null, n bigint not null, op "char" not null, k bytea not null, ver int not null,
  v bytea, exp bigint not null, at bigint not null, primary key (slot, tab, n)
);
`;

/** Tables that move with their slots, each with an expression that stands for a row in checksums. */
export const MOVED_TABLES = [
  { name: 'records', checksum: "hashtextextended(encode(k, 'hex'), rev)", key: 'k' },
  { name: 'entries', checksum: "hashtextextended(encode(k, 'hex'), 0)", key: 'k' },
  { name: 'feed_heads', checksum: 'hashint8extended(n, tab)', key: 'tab' },
  { name: 'feed', checksum: 'hashint8extended(n, tab)', key: 'n' },
] as const;

/**
 * Functions of a shard. \`commit_one\` is a mutation in one round trip: first the lock of the slot, then the look at its owner (a VOLATILE
 * function takes a new snapshot for each statement under READ COMMITTED, so this look comes after the lock), then the write.
 * \`apply\` is the write alone; its rules are those of engines/apply-write.ts.
 */
export const SHARD_FUNCTIONS = `
do $$ begin
  create type sparrow.outcome as (code text, ver int, rev bigint, b_v bytea, b_ver int, b_rev bigint, b_exp bigint, b_mod bigint, a_v bytea, a_exp bigint);
exception when duplicate_object then null; end $$;

create or replace function sparrow.put_varint(value bigint) returns bytea language plpgsql immutable as $$
declare out bytea := ''; rest bigint := value; part int;
begin
  loop
    part := (rest & 127)::int;
    rest := (rest >> 7) & 144115188075855871;
    if rest = 0 then return out || set_byte('\\x00', 0, part); end if;
    out := out || set_byte('\\x00', 0, part | 128);
  end loop;
end $$;

-- Edits single fields on the wire; null when this message needs the client for it.
create or replace function sparrow.edit(b bytea, edits jsonb) returns bytea language plpgsql immutable as $$
declare
  e jsonb; n int; at int; start int; vstart int; tag bigint; s int; byte int; len bigint; wire int; num int;
  f_start int; f_end int; f_num int; want_wire int; form text; old numeric; val numeric; raw bigint; enc bytea; nums int[]; out bytea; kept int;
begin
  if octet_length(b) > 1800 then return null; end if;
  for e in select value from jsonb_array_elements(edits) loop
    n := length(b); at := 0; f_start := null; out := ''; kept := 0;
    if e ? 'set' then select array_agg(x::int) into nums from jsonb_array_elements_text(e->'set') x;
    else f_num := (e->>'f')::int; form := e->>'form';
      want_wire := case form when 'fixed32' then 5 when 'fixed64' then 1 else 0 end;
    end if;
    while at < n loop
      start := at; tag := 0; s := 0;
      loop
        byte := get_byte(b, at); at := at + 1; tag := tag | ((byte & 127)::bigint << s); exit when byte < 128; s := s + 7;
      end loop;
      vstart := at; wire := (tag & 7)::int; num := (tag >> 3)::int;
      if wire = 0 then
        while get_byte(b, at) > 127 loop at := at + 1; end loop; at := at + 1;
      elsif wire = 2 then
        len := 0; s := 0;
        loop
          byte := get_byte(b, at); at := at + 1; len := len | ((byte & 127)::bigint << s); exit when byte < 128; s := s + 7;
        end loop;
        at := at + len::int;
      elsif wire = 1 then at := at + 8;
      elsif wire = 5 then at := at + 4;
      else return null;
      end if;
      if nums is not null then
        if num = any(nums) then
          out := out || substring(b from kept + 1 for start - kept); kept := at;
        end if;
      elsif num = f_num then
        if wire <> want_wire then return null; end if;
        f_start := vstart; f_end := at;
      end if;
    end loop;
    if nums is not null then
      b := out || substring(b from kept + 1) || decode(e->>'b', 'hex');
      nums := null;
      continue;
    end if;
    old := 0;
    if f_start is not null then
      raw := 0;
      if want_wire = 0 then
        for i in f_start .. f_end - 1 loop raw := raw | ((get_byte(b, i) & 127)::bigint << (7 * (i - f_start))); end loop;
        if form = 'zigzag' then raw := ((raw >> 1) & 9223372036854775807) # -(raw & 1); end if;
      else
        for i in f_start .. f_end - 1 loop raw := raw | (get_byte(b, i)::bigint << (8 * (i - f_start))); end loop;
        if want_wire = 5 and (e->>'s')::bool and raw > 2147483647 then raw := raw - 4294967296; end if;
      end if;
      old := raw;
      if raw < 0 and not (e->>'s')::bool then old := old + 18446744073709551616; end if;
    end if;
    val := old + (e->>'by')::numeric;
    if val < (e->>'min')::numeric or val > (e->>'max')::numeric then raise exception 'range' using errcode = 'SP001'; end if;
    raw := case when val > 9223372036854775807 then (val - 18446744073709551616)::bigint else val::bigint end;
    if form = 'zigzag' then raw := (raw << 1) # (raw >> 63); end if;
    if want_wire = 0 then enc := sparrow.put_varint(raw);
    else
      enc := '';
      for i in 0 .. case want_wire when 5 then 3 else 7 end loop enc := enc || set_byte('\\x00', 0, ((raw >> (8 * i)) & 255)::int); end loop;
    end if;
    if f_start is null then b := b || sparrow.put_varint((f_num::bigint << 3) | want_wire) || enc;
    else b := substring(b from 1 for f_start) || enc || substring(b from f_end + 1);
    end if;
  end loop;
  return b;
end $$;

create or replace function sparrow.apply(
  p_slot int, p_k bytea, p_op "char", p_when "char", p_policy int, p_ver int, p_guard bigint, p_v bytea, p_ix bytea[], p_exp bigint,
  p_edits jsonb, p_now bigint, p_rev bigint, p_age int, p_want int, p_feed bool
) returns sparrow.outcome language plpgsql volatile as $$
declare
  o sparrow.outcome; r sparrow.records; alive bool; known int; secs int; ring bytea; nv bytea; nver int; nexp bigint; nix bytea[];
  head bigint; p_tab bigint; entry bytea;
begin
  loop
    select * into r from sparrow.records where slot = p_slot and k = p_k for update;
    alive := found and r.v is not null and (r.exp = 0 or r.exp > p_now);
    secs := floor(extract(epoch from clock_timestamp()))::int;
    -- A request that was done already: its answer was lost and it is repeated, or it comes late, behind its own repetition, out of a network that was broken.
    if p_op <> 'c' and r.recent is not null then
      known := position(int8send(p_rev) in r.recent);
      if known > 0 and (known - 1) % 16 = 0 then
        o.code := 'ok'; o.rev := p_rev; o.ver := ('x' || encode(substring(r.recent from known + 8 for 4), 'hex'))::bit(32)::int;
        return o;
      end if;
    end if;
    if p_age is not null and p_op <> 'c' then
      if p_age >= 50 or (octet_length(r.recent) >= 256
        and ('x' || encode(substring(r.recent from 253 for 4), 'hex'))::bit(32)::int > secs - p_age - 2) then
        o.code := 'unknown'; return o;
      end if;
    end if;
    if alive and (p_want & 1 = 1) then
      o.b_v := r.v; o.b_ver := r.ver; o.b_rev := r.rev; o.b_exp := r.exp; o.b_mod := r.mod;
    end if;
    o.ver := case when alive then r.ver else 0 end;
    o.rev := case when alive then r.rev else 0 end;
    o.code := case
      when p_guard is not null and p_guard <> o.rev then 'guard'
      when p_when = 'a' and alive then 'exists'
      when p_when = 'p' and not alive then 'absent'
      when alive and p_policy = 1 and p_ver > 0 and p_ver <> r.ver then 'version'
      else 'ok' end;
    if o.code <> 'ok' then
      if alive then o.b_v := r.v; o.b_ver := r.ver; o.b_rev := r.rev; o.b_exp := r.exp; o.b_mod := r.mod; end if;
      return o;
    end if;
    if p_op = 'c' then return o; end if;
    nv := p_v; nix := p_ix; nexp := p_exp;
    if p_op = 'e' then
      begin
        nv := sparrow.edit(case when alive then r.v else ''::bytea end, p_edits);
      exception when sqlstate 'SP001' then
        o.code := 'range'; o.b_v := r.v; o.b_ver := r.ver; o.b_rev := r.rev; o.b_exp := r.exp; o.b_mod := r.mod; return o;
      end;
      if nv is null then
        o.code := 'client'; o.b_v := r.v; o.b_ver := r.ver; o.b_rev := r.rev; o.b_exp := r.exp; o.b_mod := r.mod; return o;
      end if;
    end if;
    if p_op = 'd' and not alive and r.slot is null then return o; end if;
    nver := case when p_policy = 2 then case when p_ver > 0 then p_ver else 1 end when alive then (r.ver % 2147483647) + 1 else 1 end;
    if p_op = 'd' then nv := null; nix := null; nver := o.ver; nexp := 0;
    elsif nexp is null then nexp := case when alive then r.exp else 0 end; end if;
    if p_op <> 'd' and nix is null and alive then nix := r.ix; end if;
    entry := int8send(p_rev) || int4send(nver) || int4send(secs);
    ring := entry;
    if r.recent is not null
      and ('x' || encode(substring(r.recent from 13 for 4), 'hex'))::bit(32)::int > secs - 60 then
      ring := entry || substring(r.recent from 1 for 240);
    end if;
    if r.slot is null then
      insert into sparrow.records values (p_slot, p_k, p_rev, nver, nexp, p_now, nv, nix, ring) on conflict do nothing;
      -- Somebody else made it in this moment.
      continue when not found;
    else
      update sparrow.records set rev = p_rev, ver = nver, exp = nexp, v = nv, ix = nix, recent = ring,
        mod = case when nv is null then secs::bigint * 1000 else p_now end
      where slot = p_slot and k = p_k;
    end if;
    if r.ix is distinct from nix then
      if r.ix is not null then delete from sparrow.entries where slot = p_slot and k = any (r.ix) and (nix is null or k <> all (nix)); end if;
      if nix is not null then
        insert into sparrow.entries select p_slot, x, p_k from unnest(nix) x on conflict do nothing;
      end if;
    end if;
    if p_feed and (alive or nv is not null) then
      p_tab := ('x' || encode(substring(p_k from 1 for 4), 'hex'))::bit(32)::bigint;
      insert into sparrow.feed_heads as h values (p_slot, p_tab, 1) on conflict (slot, tab) do update set n = h.n + 1 returning h.n into head;
      insert into sparrow.feed values (p_slot, p_tab, head, case when nv is null then 'd' else 'p' end, p_k, nver, nv, nexp, p_now);
    end if;
    o.ver := nver; o.rev := p_rev;
    if p_want & 2 = 2 then o.a_v := nv; o.a_exp := nexp; end if;
    return o;
  end loop;
end $$;

create or replace function sparrow.commit_one(
  p_slot int, p_k bytea, p_op "char", p_when "char", p_policy int, p_ver int, p_guard bigint, p_v bytea, p_ix bytea[], p_exp bigint,
  p_edits jsonb, p_now bigint, p_rev bigint, p_age int, p_want int, p_feed bool, p_until float8
) returns sparrow.outcome language plpgsql volatile as $$
declare o sparrow.outcome; st "char";
begin
  -- Who asked has given this attempt up.
  if extract(epoch from clock_timestamp()) * 1000 > p_until then o.code := 'late'; return o; end if;
  perform pg_advisory_xact_lock_shared(77, p_slot);
  select state into st from sparrow.owners where slot = p_slot;
  if st is distinct from 'o' then o.code := case st when 'f' then 'fenced' else 'moved' end; return o; end if;
  return sparrow.apply(p_slot, p_k, p_op, p_when, p_policy, p_ver, p_guard, p_v, p_ix, p_exp, p_edits, p_now, p_rev, p_age, p_want, p_feed);
end $$;

-- Several writes of one slot: all or none.
create or replace function sparrow.commit_many(p_slot int, p_writes jsonb, p_now bigint, p_age int, p_feed bool, p_until float8)
returns setof sparrow.outcome language plpgsql volatile as $$
declare o sparrow.outcome; st "char"; w jsonb; done sparrow.outcome[] := '{}'; ix bytea[];
begin
  if extract(epoch from clock_timestamp()) * 1000 > p_until then o.code := 'late'; return next o; return; end if;
  perform pg_advisory_xact_lock_shared(77, p_slot);
  select state into st from sparrow.owners where slot = p_slot;
  if st is distinct from 'o' then o.code := case st when 'f' then 'fenced' else 'moved' end; return next o; return; end if;
  begin
    for w in select value from jsonb_array_elements(p_writes) loop
      ix := null;
      if jsonb_typeof(w->'ix') = 'array' then
        select coalesce(array_agg(decode(x, 'base64')), '{}') into ix from jsonb_array_elements_text(w->'ix') x;
      end if;
      o := sparrow.apply(p_slot, decode(w->>'k', 'base64'), (w->>'op')::"char", (w->>'when')::"char", (w->>'policy')::int, (w->>'ver')::int,
        (w->>'guard')::bigint, decode(w->>'v', 'base64'), ix, (w->>'exp')::bigint, w->'edits', p_now, (w->>'rev')::bigint, p_age,
        (w->>'want')::int, p_feed and coalesce((w->>'feed')::bool, true));
      done := done || o;
      if o.code <> 'ok' then raise exception 'refused' using errcode = 'SP002'; end if;
    end loop;
  exception when sqlstate 'SP002' then null;
  end;
  return query select * from unnest(done);
end $$;

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
`;
