-- Tables of a shard. `owners` and `marks` belong to the slots and their mover and know nothing of records; the other
-- tables are moved with their slots, because they have a column `slot`.
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
