/**
 * Steps of `control.db`, in order; step n brings `PRAGMA user_version` from n to n + 1. Steps that were released are never
 * changed, only followed by new ones.
 */
export const MIGRATIONS: readonly string[] = [
  `create table users (
     app text not null, openid text not null, unionid text, info text, session_key text not null,
     created_at integer not null, updated_at integer not null,
     primary key (app, openid)
   ) without rowid, strict;
   create table sessions (
     skey_hash text primary key, app text not null, openid text not null, session_key text not null,
     created_at integer not null, expires_at integer not null
   ) without rowid, strict;
   create index sessions_by_user on sessions (app, openid, created_at);
   create index sessions_by_end on sessions (expires_at);
   create table fake_wechat (
     appid text not null, user text not null, session_key text not null, logged_in_at integer not null,
     primary key (appid, user)
   ) without rowid, strict;`,
];
