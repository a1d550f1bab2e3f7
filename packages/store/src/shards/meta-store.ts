import pg from 'pg';
import { StoreError } from '../errors.ts';
import { phrase } from '../phrase.ts';

/**
 * Who owns which slot, which shards there are, how far each move is: in a PostgreSQL of its own or beside one. Free of
 * records.
 */
export interface ShardInfo {
  id: string;
  url: string;
  /** Standbys, in the order they are tried. */
  standbys: string[];
  state: 'active' | 'draining';
}

export interface SlotOwner {
  slot: number;
  shard: string;
  epoch: number;
}

export type MoveState =
  | 'planned'
  | 'copying'
  | 'catching-up'
  | 'switching'
  | 'reversible'
  | 'cleaning'
  | 'done'
  | 'aborting'
  | 'aborted';

/** The journal of one move. Every step is written before it is begun and can be done again. */
export interface Move {
  id: string;
  from: string;
  to: string;
  /** Contiguous slots, [first, last]. */
  first: number;
  last: number;
  state: MoveState;
  /** Where it is to go: `done`, or only `reversible`. Undefined in moves of older versions. */
  toEnd?: boolean;
  /** Slots switched so far: all below this one. */
  switched: number;
  /**
   * `number` of the subscription on the target, once it was made. A move back over the reverse replication of this one
   * needs no copy.
   */
  link: { publication: string; subscription: string; number?: number };
  reverse?: { publication: string; subscription: string };
  fencesMs: number[];
  retries: number;
  error?: string;
  /** Milliseconds UTC. */
  createdAt: number;
  updatedAt: number;
}

export interface MetaStore {
  readonly slots: number;
  shards(): Promise<ShardInfo[]>;
  putShard(shard: ShardInfo): Promise<void>;
  removeShard(id: string): Promise<void>;
  map(): Promise<SlotOwner[]>;
  /** The only point at which slots change hands: all of them must still be `from`'s at `epoch` or before. */
  decide(first: number, last: number, from: string, to: string, epoch: number): Promise<boolean>;
  /** Raises the epoch of a slot, so that a decision that is under way fails; answers its owner. */
  claim(slot: number): Promise<SlotOwner>;
  nextEpoch(): Promise<number>;
  assign(first: number, last: number, shard: string, epoch: number): Promise<void>;
  moves(): Promise<Move[]>;
  move(id: string): Promise<Move | undefined>;
  saveMove(move: Move): Promise<void>;
  readText(name: string): Promise<string | undefined>;
  textNames(): Promise<string[]>;
  writeText(name: string, text: string, expected: string | undefined): Promise<boolean>;
  close(): Promise<void>;
}

const TABLES = `
create schema if not exists sparrow_meta;
create table if not exists sparrow_meta.cluster (one bool primary key default true check (one), slots int not null, format int not null);
create table if not exists sparrow_meta.shards (id text primary key, url text not null, standbys jsonb not null, state text not null);
create table if not exists sparrow_meta.slots (slot int primary key, shard text not null, epoch bigint not null);
create sequence if not exists sparrow_meta.epoch;
create table if not exists sparrow_meta.moves (id text primary key, body jsonb not null);
create table if not exists sparrow_meta.texts (name text primary key, body text not null);
`;
const FORMAT = 1;

/**
 * Opens the meta store; made when it is not there.
 *
 * @param options.slots number of slots of a new cluster, 1,024 to 16,384; an old one keeps its own.
 * @throws StoreError SHARD_DOWN, CONFIG_INVALID
 */
export async function openMetaStore(options: { url: string; slots?: number; timeoutMs?: number }): Promise<MetaStore> {
  const timeout = options.timeoutMs ?? 5_000;
  const pool = new pg.Pool({
    connectionString: options.url,
    max: 4,
    connectionTimeoutMillis: timeout,
    query_timeout: timeout,
    keepAlive: true,
  });
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  const query = async <T extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<T[]> => {
    try {
      return (await pool.query<T>(text, values)).rows;
    } catch (error) {
      throw new StoreError('SHARD_DOWN', phrase`the meta store does not answer: ${(error as Error).message}`, {
        hint: phrase`look at its PostgreSQL; known slots keep working meanwhile`,
        cause: error,
      });
    }
  };
  const wanted = options.slots ?? 1024;
  if (!(Number.isInteger(wanted) && wanted >= 64 && wanted <= 16_384)) {
    await pool.end();
    throw new StoreError('CONFIG_INVALID', phrase`${wanted} slots`, { hint: phrase`choose 1024 (default) to 16384` });
  }
  let slots = wanted;
  try {
    // Two that begin at once would both make the tables.
    await query(`begin; select pg_advisory_xact_lock(78); ${TABLES} commit`);
    await query('insert into sparrow_meta.cluster values (true, $1, $2) on conflict do nothing', [wanted, FORMAT]);
    const [cluster] = await query<{ slots: number; format: number }>('select slots, format from sparrow_meta.cluster');
    slots = cluster?.slots ?? wanted;
  } catch (error) {
    await pool.end();
    throw error;
  }
  const owner = (row: { slot: number; shard: string; epoch: string }): SlotOwner => ({
    slot: row.slot,
    shard: row.shard,
    epoch: Number(row.epoch),
  });

  return {
    slots,
    shards: () => query<ShardInfo>('select id, url, standbys, state from sparrow_meta.shards order by id'),
    async putShard(shard) {
      await query(
        'insert into sparrow_meta.shards values ($1, $2, $3, $4) on conflict (id) do update set url = $2, standbys = $3, state = $4',
        [shard.id, shard.url, JSON.stringify(shard.standbys), shard.state],
      );
    },
    async removeShard(id) {
      await query(
        'delete from sparrow_meta.shards where id = $1 and not exists (select from sparrow_meta.slots where shard = $1)',
        [id],
      );
    },
    async map() {
      const rows = await query<{ slot: number; shard: string; epoch: string }>(
        'select * from sparrow_meta.slots order by slot',
      );
      return rows.map(owner);
    },
    async decide(first, last, from, to, epoch) {
      const [row] = await query<{ done: string }>(
        `with mine as (
           select slot from sparrow_meta.slots where slot between $1 and $2 and shard = $3 and epoch <= $5 order by slot for update
         ), changed as (
           update sparrow_meta.slots s set shard = $4, epoch = $5 from mine
           where s.slot = mine.slot and (select count(*) from mine) = $2::int - $1::int + 1 returning 1
         ) select count(*) as done from changed`,
        [first, last, from, to, epoch],
      );
      return Number(row?.done) === last - first + 1;
    },
    async claim(slot) {
      const [row] = await query<{ slot: number; shard: string; epoch: string }>(
        "update sparrow_meta.slots set epoch = nextval('sparrow_meta.epoch') where slot = $1 returning *",
        [slot],
      );
      if (!row)
        throw new StoreError('SHARD_DOWN', phrase`slot ${slot} has no owner`, { hint: phrase`add a shard first` });
      return owner(row);
    },
    async nextEpoch() {
      const [row] = await query<{ epoch: string }>("select nextval('sparrow_meta.epoch') as epoch");
      return Number(row?.epoch);
    },
    async assign(first, last, shard, epoch) {
      await query(
        'insert into sparrow_meta.slots select s, $3, $4 from generate_series($1::int, $2::int) s on conflict do nothing',
        [first, last, shard, epoch],
      );
    },
    async moves() {
      const rows = await query<{ body: Move }>('select body from sparrow_meta.moves order by id');
      return rows.map(({ body }) => body);
    },
    async move(id) {
      const [row] = await query<{ body: Move }>('select body from sparrow_meta.moves where id = $1', [id]);
      return row?.body;
    },
    async saveMove(move) {
      await query('insert into sparrow_meta.moves values ($1, $2) on conflict (id) do update set body = $2', [
        move.id,
        JSON.stringify(move),
      ]);
    },
    async readText(name) {
      const [row] = await query<{ body: string }>('select body from sparrow_meta.texts where name = $1', [name]);
      return row?.body;
    },
    async textNames() {
      const rows = await query<{ name: string }>('select name from sparrow_meta.texts order by name');
      return rows.map(({ name }) => name);
    },
    async writeText(name, text, expected) {
      const rows =
        expected === undefined
          ? await query('insert into sparrow_meta.texts values ($1, $2) on conflict do nothing returning 1', [
              name,
              text,
            ])
          : await query('update sparrow_meta.texts set body = $2 where name = $1 and body = $3 returning 1', [
              name,
              text,
              expected,
            ]);
      return rows.length === 1;
    },
    close: () => pool.end(),
  };
}
