-- Commits of a shard. `commit_one` is a mutation in one round trip: first the lock of the slot, then the look at its
-- owner (a VOLATILE function takes a new snapshot for each statement under READ COMMITTED, so this look comes after
-- the lock), then the write. `apply` is the write alone; its rules are those of engines/apply-write.ts.
--
-- The lock (77, slot) is shared by single writes and exclusive for commits of several rows and for fences. So nothing
-- of the slot changes between the first look and the last write of a transaction, rows that are absent included, and
-- two transactions never wait for each other in a circle. See docs/decisions/transactions.md.

do $$ begin
  create type sparrow.outcome as (
    code text, ver int, rev bigint, b_v bytea, b_ver int, b_rev bigint, b_exp bigint, b_mod bigint, a_v bytea, a_exp bigint);
exception when duplicate_object then null; end $$;

create or replace function sparrow.apply(
  p_slot int, p_k bytea, p_op "char", p_when "char", p_policy int, p_ver int, p_guard bigint, p_v bytea, p_ix bytea[], p_exp bigint,
  p_edits jsonb, p_now bigint, p_rev bigint, p_age int, p_want int, p_feed bool
) returns sparrow.outcome language plpgsql volatile as $$
declare
  o sparrow.outcome; r sparrow.records; alive bool; known int; secs int; ring bytea; nv bytea; nver int; nexp bigint; nix bytea[];
  head bigint; p_tab bigint; entry bytea;
begin
  loop
    if p_op = 'c' then
      select * into r from sparrow.records where slot = p_slot and k = p_k;
    else
      select * into r from sparrow.records where slot = p_slot and k = p_k for update;
    end if;
    alive := found and r.v is not null and (r.exp = 0 or r.exp > p_now);
    secs := floor(extract(epoch from clock_timestamp()))::int;
    -- A request that was done already: its answer was lost and it is repeated, or it comes late, behind its own
    -- repetition, out of a network that was broken.
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
  perform pg_advisory_xact_lock_shared(77, p_slot);
  -- Who asked has given this attempt up.
  if extract(epoch from clock_timestamp()) * 1000 > p_until then o.code := 'late'; return o; end if;
  select state into st from sparrow.owners where slot = p_slot;
  if st is distinct from 'o' then o.code := case st when 'f' then 'fenced' else 'moved' end; return o; end if;
  return sparrow.apply(p_slot, p_k, p_op, p_when, p_policy, p_ver, p_guard, p_v, p_ix, p_exp, p_edits, p_now, p_rev, p_age, p_want, p_feed);
end $$;

-- What a commit answered that was done already, and null when it was not, or changed nothing. All or none of a commit
-- happened, so one write that its row remembers is proof of all of them, comparisons included.
create or replace function sparrow.done_before(p_slot int, p_writes jsonb) returns sparrow.outcome[] language sql stable as $$
  with asked as (
    select i, w->>'op' as op, (w->>'rev')::bigint as rev, decode(w->>'k', 'base64') as k
    from jsonb_array_elements(p_writes) with ordinality x(w, i)
  ), found as (
    select a.i, a.op, a.rev, coalesce(r.ver, 0) as ver, r.recent,
      case when a.op = 'c' then 0 else coalesce(position(int8send(a.rev) in r.recent), 0) end as place
    from asked a left join sparrow.records r on r.slot = p_slot and r.k = a.k
  )
  select case when bool_or(place % 16 = 1) then array_agg(row('ok',
    case when place % 16 = 1 then ('x' || encode(substring(recent from place + 8 for 4), 'hex'))::bit(32)::int else ver end,
    rev, null, null, null, null, null, null, null)::sparrow.outcome order by i) end
  from found
$$;

-- Several writes of one slot: all or none, and alone in the slot meanwhile. Who only compares changes nothing, so that
-- what was compared first cannot become wrong by what is compared later: these may be several at once.
create or replace function sparrow.commit_many(
  p_slot int, p_writes jsonb, p_now bigint, p_age int, p_feed bool, p_until float8
) returns setof sparrow.outcome language plpgsql volatile as $$
declare o sparrow.outcome; st "char"; w jsonb; done sparrow.outcome[] := '{}'; ix bytea[];
begin
  if jsonb_path_exists(p_writes, '$[*].op ? (@ != "c")') then perform pg_advisory_xact_lock(77, p_slot);
  else perform pg_advisory_xact_lock_shared(77, p_slot);
  end if;
  if extract(epoch from clock_timestamp()) * 1000 > p_until then o.code := 'late'; return next o; return; end if;
  select state into st from sparrow.owners where slot = p_slot;
  if st is distinct from 'o' then o.code := case st when 'f' then 'fenced' else 'moved' end; return next o; return; end if;
  if p_age is not null then
    done := sparrow.done_before(p_slot, p_writes);
    if done is not null then return query select * from unnest(done); return; end if;
    done := '{}';
  end if;
  begin
    for w in select value from jsonb_array_elements(p_writes) loop
      ix := null;
      if jsonb_typeof(w->'ix') = 'array' then
        select coalesce(array_agg(decode(x, 'base64')), '{}') into ix from jsonb_array_elements_text(w->'ix') x;
      end if;
      o := sparrow.apply(p_slot, decode(w->>'k', 'base64'), (w->>'op')::"char", (w->>'when')::"char",
        (w->>'policy')::int, (w->>'ver')::int, (w->>'guard')::bigint, decode(w->>'v', 'base64'), ix, (w->>'exp')::bigint,
        w->'edits', p_now, (w->>'rev')::bigint, p_age, (w->>'want')::int,
        p_feed and coalesce((w->>'feed')::bool, true));
      done := done || o;
      if o.code <> 'ok' then raise exception 'refused' using errcode = 'SP002'; end if;
    end loop;
  exception when sqlstate 'SP002' then null;
  end;
  return query select * from unnest(done);
end $$;
