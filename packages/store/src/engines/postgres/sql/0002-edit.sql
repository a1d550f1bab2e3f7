-- Changes of single fields of a message on the wire, as codec/edit.ts makes them.

create or replace function sparrow.put_varint(value bigint) returns bytea language plpgsql immutable strict as $$
declare out bytea := ''; rest bigint := value; part int;
begin
  loop
    part := (rest & 127)::int;
    rest := (rest >> 7) & 144115188075855871;
    if rest = 0 then return out || set_byte('\x00', 0, part); end if;
    out := out || set_byte('\x00', 0, part | 128);
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
    if e ? 'set' then select coalesce(array_agg(x::int), '{}') into nums from jsonb_array_elements_text(e->'set') x;
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
    -- An absent field has its declared default, `d`.
    old := coalesce((e->>'d')::numeric, 0);
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
      for i in 0 .. case want_wire when 5 then 3 else 7 end loop enc := enc || set_byte('\x00', 0, ((raw >> (8 * i)) & 255)::int); end loop;
    end if;
    if f_start is null then b := b || sparrow.put_varint((f_num::bigint << 3) | want_wire) || enc;
    else b := substring(b from 1 for f_start) || enc || substring(b from f_end + 1);
    end if;
  end loop;
  return b;
end $$;
