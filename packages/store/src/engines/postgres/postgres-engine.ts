import { setTimeout as sleep } from 'node:timers/promises';
import { applyEdits, type Edit } from '../../codec/edit.ts';
import { StoreError } from '../../errors.ts';
import { createKeyCache } from '../../hot/key-cache.ts';
import { inParallel } from '../../record-store/in-parallel.ts';
import type { ShardClient } from '../../shards/shard-client.ts';
import type { Retry, ShardRouter } from '../../shards/shard-router.ts';
import type {
  Commit,
  FeedEntry,
  IndexPage,
  KvEngine,
  Located,
  ReadOptions,
  Row,
  RowPage,
  Write,
  WriteCode,
  WriteResult,
} from '../kv-engine.ts';
import { createReadBatches, type FoundRow, GET_MANY, type ReadBatches, type RowData } from './read-batches.ts';

/** Records on PostgreSQL shards, through a router. */
export interface PostgresEngine extends KvEngine {
  readonly router: ShardRouter;
}

interface Outcome {
  code: string;
  ver: number | null;
  rev: string | null;
  b_v: Buffer | null;
  b_ver: number | null;
  b_rev: string | null;
  b_exp: string | null;
  b_mod: string | null;
  a_v: Buffer | null;
  a_exp: string | null;
}

const COMMIT_ONE = 'select * from sparrow.commit_one($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17)';
const COMMIT_MANY = 'select * from sparrow.commit_many($1,$2,$3,$4,$5,$6)';
const SCAN = `select s.slot, o.state as st, r.k, r.v, r.ver, r.rev, r.exp, r.mod
from unnest($1::int[]) s(slot) left join sparrow.owners o on o.slot = s.slot
left join lateral (
  select * from sparrow.records r where r.slot = s.slot and r.k >= $2 and r.k < $3 and r.v is not null
  and (s.slot <> $4 or r.k > $5) order by r.k limit $6
) r on true order by s.slot, r.k limit $6 + $7`;
const SCAN_INDEX = `select e.k, e.slot, e.r from sparrow.entries e join sparrow.owners o on o.slot = e.slot and o.state = 'o'
where e.k >= $1 and e.k < $2 and (e.k, e.slot) > ($3, $4) order by e.k, e.slot limit $5`;
/** Rows of hot keys that are kept for reads that may be a little old. */
const RECENT_BYTES = 16 * 1024 * 1024;
/** Slots a scan asks about at once. */
const SLOTS_AT_ONCE = 64;
const ANSWERS: Record<string, WriteCode> = {
  ok: 'ok',
  exists: 'exists',
  absent: 'absent',
  version: 'version',
  guard: 'guard',
  range: 'range',
};

/** Random, below 2^53: the revision of a change, and the name of its request when it is repeated. */
const newRev = (): number => Math.floor(Math.random() * 2 ** 52) + 2 ** 51;
const toRow = (data: RowData): Row | undefined =>
  data.v === null || data.v === undefined
    ? undefined
    : {
        value: data.v,
        version: data.ver,
        rev: Number(data.rev),
        expires: Number(data.exp),
        modified: Number(data.mod),
      };

export function createPostgresEngine(options: { router: ShardRouter }): PostgresEngine {
  const { router } = options;
  const { meta } = router;
  const recent = createKeyCache({ slots: router.slots, bytes: RECENT_BYTES });
  const batches = new WeakMap<ShardClient, ReadBatches>();
  const readsOf = (client: ShardClient): ReadBatches => {
    let found = batches.get(client);
    if (!found) batches.set(client, (found = createReadBatches(client)));
    return found;
  };
  /** Slots a shard owned at a version of its table of owners. */
  const ownedAt = new Map<string, { version: string; slots: number[] }>();
  const purge = setInterval(() => void removeDead().catch(() => {}), 30_000);
  purge.unref();

  const notOwned = (state: string | null): Retry | undefined =>
    state === 'o' ? undefined : { retry: state === 'f' ? 'fenced' : 'moved' };

  async function commitOne(commit: Commit, write: Write): Promise<WriteResult> {
    const rev = newRev();
    const onServer =
      write.op !== 'edit' ||
      write.edits?.every((edit) => edit.kind === 'set' || (edit.form !== 'float' && edit.form !== 'double'));
    if (!onServer) return editByClient(commit, write);
    const values = [
      commit.slot,
      write.key,
      write.op === 'check' ? 'c' : write.op[0],
      write.when === 'any' ? 'n' : write.when[0],
      write.policy,
      write.version,
      write.guard ?? null,
      write.value ?? null,
      write.op === 'put' ? (write.index ?? null) : null,
      write.op === 'put' ? (write.expires ?? null) : null,
      write.edits ? JSON.stringify(editsOf(write.edits)) : null,
      commit.now,
      rev,
      null as number | null,
      wantOf(write),
      commit.feed,
      null as number | null,
    ];
    const outcome = await router.run<Outcome>(
      commit.slot,
      commit.deadline,
      async (client, until, ageMs) => {
        values[13] = ageMs === undefined ? null : Math.ceil(ageMs / 1000) + 1;
        const end = client.until(commit.deadline);
        values[16] = typeof end === 'number' ? end : await end;
        const [row] = await client.query<Outcome>({ name: 'commit_one', text: COMMIT_ONE, values }, until);
        return answer(row as Outcome, client);
      },
      { write: write.op !== 'check' },
    );
    if (outcome.code === 'client') return editByClient(commit, write);
    return toResult(outcome, write, commit.now);
  }

  /** Numbers and sizes that the shard does not edit itself: read, edit here, write when nobody came in between. */
  async function editByClient(commit: Commit, write: Write): Promise<WriteResult> {
    for (;;) {
      const row = await get({ slot: commit.slot, key: write.key }, { deadline: commit.deadline });
      const alive = row && (row.expires === 0 || row.expires > commit.now) ? row : undefined;
      let value: Uint8Array;
      try {
        value = applyEdits(alive?.value ?? new Uint8Array(0), write.edits ?? []);
      } catch (error) {
        if (error instanceof StoreError && error.code === 'OUT_OF_RANGE' && alive)
          return { code: 'range', version: alive.version, rev: alive.rev, before: alive };
        throw error;
      }
      const { edits: _, index: __, ...rest } = write;
      const result = await commitOne(commit, { ...rest, op: 'put', value, guard: alive?.rev ?? 0 });
      if (result.code !== 'guard') return result;
      if (write.guard !== undefined && result.rev !== write.guard) return result;
      if (performance.now() > commit.deadline)
        throw new StoreError('TIMEOUT', 'the record changed each time it was tried', { hint: 'give more timeoutMs' });
    }
  }

  async function commitMany(commit: Commit): Promise<WriteResult[]> {
    const writes = commit.writes.map((write) => ({
      k: write.key.toString('base64'),
      op: write.op === 'check' ? 'c' : write.op[0],
      when: write.when === 'any' ? 'n' : write.when[0],
      policy: write.policy,
      ver: write.version,
      guard: write.guard ?? null,
      v: write.value ? Buffer.from(write.value).toString('base64') : null,
      ix: write.op === 'put' && write.index ? write.index.map((entry) => entry.toString('base64')) : null,
      exp: write.op === 'put' ? (write.expires ?? null) : null,
      edits: write.edits ? editsOf(write.edits) : null,
      rev: newRev(),
      want: wantOf(write),
      feed: write.feed ?? true,
    }));
    const body = JSON.stringify(writes);
    const rows = await router.run<Outcome[]>(
      commit.slot,
      commit.deadline,
      async (client, until, ageMs) => {
        const age = ageMs === undefined ? null : Math.ceil(ageMs / 1000) + 1;
        const values = [commit.slot, body, commit.now, age, commit.feed, await client.until(commit.deadline)];
        const found = await client.query<Outcome>({ name: 'commit_many', text: COMMIT_MANY, values }, until);
        const first = answer(found[0] as Outcome, client);
        return 'retry' in first ? first : found;
      },
      { write: true },
    );
    if (rows.some(({ code }) => code === 'unknown')) throw indeterminate();
    const results = rows.map((row, i) => toResult(row, commit.writes[i] as Write, commit.now));
    while (results.length < commit.writes.length) results.push({ code: 'skipped', version: 0, rev: 0 });
    return results;
  }

  function answer(row: Outcome, client: ShardClient): Outcome | Retry {
    if (row.code === 'moved' || row.code === 'fenced') return { retry: row.code };
    if (row.code !== 'late') return row;
    client.forgetClock();
    return { retry: 'fenced' };
  }

  const indeterminate = (): StoreError =>
    new StoreError('INDETERMINATE', 'the answer of a write was lost, and too much happened to the record since', {
      hint: 'read the record to see whether it happened',
    });

  function toResult(outcome: Outcome, write: Write, now: number): WriteResult {
    const code = ANSWERS[outcome.code];
    if (!code) {
      if (outcome.code === 'unknown') throw indeterminate();
      throw new StoreError('SHARD_DOWN', `a shard answered ${outcome.code}`, {
        hint: 'shard and client are of different versions',
      });
    }
    const result: WriteResult = { code, version: outcome.ver ?? 0, rev: Number(outcome.rev ?? 0) };
    if (outcome.b_v)
      result.before = {
        value: outcome.b_v,
        version: outcome.b_ver ?? 0,
        rev: Number(outcome.b_rev),
        expires: Number(outcome.b_exp),
        modified: Number(outcome.b_mod),
      };
    if (code === 'ok' && outcome.a_v && write.want)
      result.after = {
        value: outcome.a_v,
        version: result.version,
        rev: result.rev,
        expires: Number(outcome.a_exp),
        modified: now,
      };
    return result;
  }

  async function get({ slot, key }: Located, { deadline, stale, maxAgeMs = 0 }: ReadOptions): Promise<Row | undefined> {
    const name = maxAgeMs > 0 ? key.latin1Slice(0, key.length) : '';
    const kept = maxAgeMs > 0 ? recent.find(slot, name, maxAgeMs) : undefined;
    if (kept) return kept.row;
    const begun = recent.begin(slot);
    const data = await router.run<RowData>(
      slot,
      deadline,
      (client, until) =>
        readsOf(client)
          .get(slot, key, until)
          .then((found) => notOwned(found.st) ?? found),
      { stale: stale === true },
    );
    const row = toRow(data);
    if (maxAgeMs > 0) recent.keep(slot, name, row, begun);
    return row;
  }

  /** Keys by shard; those whose slots moved meanwhile are asked again one by one. */
  async function getMany(at: readonly Located[], read: ReadOptions): Promise<(Row | undefined)[]> {
    const owners = await router.owners();
    const groups = new Map<string, number[]>();
    for (const [i, { slot }] of at.entries()) {
      const shard = owners[slot] ?? '';
      const group = groups.get(shard);
      if (group) group.push(i);
      else groups.set(shard, [i]);
    }
    const rows = new Array<Row | undefined>(at.length);
    await Promise.all(
      [...groups.values()].map(async (indexes) => {
        const slot = (at[indexes[0] as number] as Located).slot;
        const values = [indexes.map((i) => (at[i] as Located).slot), indexes.map((i) => (at[i] as Located).key)];
        const again: number[] = [];
        const found = await router.run(
          slot,
          read.deadline,
          (client, until) =>
            client.query<FoundRow & { i: number }>({ name: 'get_many', text: GET_MANY, values }, until),
          { stale: read.stale === true },
        );
        for (const data of found) {
          const i = indexes[data.i - 1] as number;
          if (notOwned(data.st)) again.push(i);
          else rows[i] = toRow(data);
        }
        await inParallel(again, 16, async (i) => {
          rows[i] = await get(at[i] as Located, read);
        });
      }),
    );
    return rows;
  }

  /** Asks every shard and accepts the answers only when the slots they owned in that moment are all slots, each once. */
  async function everywhere<T extends object>(
    deadline: number,
    ask: (client: ShardClient) => Promise<T[]>,
  ): Promise<T[][]> {
    for (let tries = 0; ; tries++) {
      const shards = [...new Set(await router.owners())];
      const seen = new Uint8Array(router.slots);
      let whole = true;
      try {
        const answers = await Promise.all(
          shards.map(async (shard) => {
            const client = router.client(shard);
            const before = await owned(shard, client, deadline);
            const rows = await ask(client);
            const after = await owned(shard, client, deadline);
            return { rows, slots: after.slots, same: before.version === after.version };
          }),
        );
        for (const { slots, same } of answers) {
          if (!same) whole = false;
          for (const slot of slots) {
            if (seen[slot] === 1) whole = false;
            seen[slot] = 1;
          }
        }
        if (whole && seen.every((count) => count === 1)) return answers.map(({ rows }) => rows);
      } catch (error) {
        if (error instanceof StoreError) throw error;
        if (performance.now() > deadline)
          throw new StoreError('SHARD_DOWN', 'a shard does not answer', {
            hint: 'sparrow store shards status',
            cause: error,
          });
      }
      if (performance.now() > deadline)
        throw new StoreError('TIMEOUT', 'slots are moving all the time', { hint: 'try again when the move is over' });
      await sleep(Math.min(100, 5 * (tries + 1)));
      await router.refresh().catch(() => {});
    }
  }

  async function owned(
    shard: string,
    client: ShardClient,
    deadline: number,
  ): Promise<{ version: string; slots: number[] }> {
    const known = ownedAt.get(shard);
    const [row] = await client.query<{ version: string; slots: number[] | null }>(
      {
        name: 'owned',
        text: `select version, case when version = $1 then null else (select coalesce(array_agg(slot), '{}') from sparrow.owners where state = 'o') end as slots
          from sparrow.owners_version`,
        values: [known?.version ?? -1],
      },
      deadline,
    );
    if (row && row.slots === null && known) return known;
    const fresh = { version: row?.version ?? '', slots: row?.slots ?? [] };
    ownedAt.set(shard, fresh);
    return fresh;
  }

  async function removeDead(): Promise<void> {
    for (const shard of new Set(await router.owners()))
      await router.client(shard).query(
        {
          text: `delete from sparrow.records where ctid = any (array(
            select ctid from sparrow.records where v is null and mod < (extract(epoch from clock_timestamp()) - 60) * 1000 limit 5000))`,
        },
        performance.now() + 5_000,
      );
  }

  const engine: PostgresEngine = {
    kind: 'postgres',
    slots: router.slots,
    router,
    get,
    getMany,
    async commit(commit) {
      if (commit.writes.length === 0) return [];
      recent.wrote(commit.slot);
      try {
        if (commit.writes.length === 1) return [await commitOne(commit, commit.writes[0] as Write)];
        return await commitMany(commit);
      } finally {
        recent.wrote(commit.slot);
      }
    },
    async scan(range) {
      const page: RowPage = { rows: [] };
      const [slotText = '', keyText = ''] = range.after?.split('.') ?? [];
      let slot = range.after === undefined ? (range.slot ?? 0) : Number(slotText);
      const afterKey = Buffer.from(keyText, 'base64url');
      if (!(Number.isInteger(slot) && slot >= 0 && slot < router.slots))
        throw new StoreError('CURSOR_INVALID', 'this is no cursor of a sharded store', { hint: 'begin without one' });
      const cursorSlot = range.after === undefined ? -1 : slot;
      const last = range.slot ?? router.slots - 1;
      while (slot <= last) {
        const owners = await router.owners();
        const slots = [slot];
        while (
          slots.length < SLOTS_AT_ONCE &&
          slot + slots.length <= last &&
          owners[slot + slots.length] === owners[slot]
        )
          slots.push(slot + slots.length);
        const wanted = range.limit - page.rows.length + 1;
        const found = await router.run(slot, range.deadline, async (client, until) => {
          const rows = await client.query<RowData & { slot: number; st: string; k: Buffer | null }>(
            {
              name: 'scan',
              text: SCAN,
              values: [slots, range.from, range.to, cursorSlot, afterKey, wanted, slots.length],
            },
            until,
          );
          const strange = rows.find(({ st }) => st !== 'o');
          return strange ? (notOwned(strange.st) as Retry) : rows;
        });
        for (const data of found) {
          const row = data.k ? toRow(data) : undefined;
          if (!row) continue;
          if (page.rows.length >= range.limit) {
            const end = page.rows.at(-1) as { slot: number; key: Buffer };
            page.cursor = `${end.slot}.${end.key.toString('base64url')}`;
            return page;
          }
          page.rows.push({ slot: data.slot, key: data.k as Buffer, row });
        }
        slot += slots.length;
      }
      return page;
    },
    async scanIndex(range) {
      const [slotText = '-1', keyText = ''] = range.after?.split('.') ?? [];
      const values = [range.from, range.to, Buffer.from(keyText, 'base64url'), Number(slotText), range.limit + 1];
      const answers = await everywhere(range.deadline, (client) =>
        client.query<{ k: Buffer; slot: number; r: Buffer }>(
          { name: 'scan_index', text: SCAN_INDEX, values },
          range.deadline,
        ),
      );
      const merged = answers.flat().sort((a, b) => a.k.compare(b.k) || a.slot - b.slot);
      const page: IndexPage = {
        entries: merged.slice(0, range.limit).map(({ k, r, slot }) => ({ index: k, key: r, slot })),
      };
      const end = page.entries.at(-1);
      if (merged.length > range.limit && end) page.cursor = `${end.slot}.${end.index.toString('base64url')}`;
      return page;
    },
    async count(from, to, deadline) {
      const answers = await everywhere(deadline, (client) =>
        client.query<{ count: string }>(
          {
            name: 'count',
            text: `select count(*) from sparrow.records r join sparrow.owners o on o.slot = r.slot and o.state = 'o'
              where r.k >= $1 and r.k < $2 and r.v is not null`,
            values: [from, to],
          },
          deadline,
        ),
      );
      return answers.flat().reduce((sum, { count }) => sum + Number(count), 0);
    },
    async feed(table, position, limit, deadline) {
      const at = decodePosition(position);
      const slots = [...at.keys()];
      const answers = await everywhere(deadline, (client) =>
        client.query<{
          slot: number;
          n: string;
          op: string;
          k: Buffer;
          ver: number;
          v: Buffer | null;
          exp: string;
          at: string;
        }>(
          {
            name: 'feed',
            text: `select f.slot, f.n, f.op, f.k, f.ver, f.v, f.exp, f.at from sparrow.feed_heads h
              join sparrow.owners o on o.slot = h.slot and o.state = 'o'
              left join unnest($2::int[], $3::bigint[]) p(slot, n) on p.slot = h.slot
              cross join lateral (select * from sparrow.feed f where f.slot = h.slot and f.tab = h.tab and f.n > coalesce(p.n, 0) order by f.n limit $4) f
              where h.tab = $1 and h.n > coalesce(p.n, 0) order by f.slot, f.n limit $4`,
            values: [table, slots, slots.map((slot) => at.get(slot)), limit],
          },
          deadline,
        ),
      );
      const entries: FeedEntry[] = [];
      for (const row of answers.flat().slice(0, limit)) {
        const known = at.get(row.slot) ?? 0;
        // A gap was cleaned away before this reader came.
        if (known > 0 && Number(row.n) !== known + 1)
          throw new StoreError('FEED_GONE', 'changes behind this position were cleaned already', {
            hint: 'read the table anew',
          });
        at.set(row.slot, Number(row.n));
        entries.push({
          key: row.k,
          op: row.op === 'p' ? 'put' : 'delete',
          version: row.ver,
          ...(row.v ? { value: row.v } : {}),
          expires: Number(row.exp),
          at: Number(row.at),
        });
      }
      return { entries, position: encodePosition(at) };
    },
    async trimFeed(table, before, limit) {
      const answers = await everywhere(performance.now() + 10_000, (client) =>
        client.query<{ count: string }>(
          {
            text: `with gone as (delete from sparrow.feed where ctid = any (array(
              select ctid from sparrow.feed where tab = $1 and at < $2 limit $3)) returning 1) select count(*) from gone`,
            values: [table, before, limit],
          },
          performance.now() + 10_000,
        ),
      );
      return answers.flat().reduce((sum, { count }) => sum + Number(count), 0);
    },
    readMeta: (name) => meta.readText(name),
    writeMeta: (name, text, expected) => meta.writeText(name, text, expected),
    async stats() {
      const owners = await router.owners();
      const figures: Record<string, number> = {
        shards: new Set(owners).size,
        slots: router.slots,
        recentBytes: recent.bytes,
        recentHits: recent.hits,
      };
      for (const shard of new Set(owners)) {
        const [row] = await router.client(shard).query<{ bytes: string; rows: string }>(
          {
            text: `select pg_total_relation_size('sparrow.records') + pg_total_relation_size('sparrow.entries') as bytes,
              (select reltuples::bigint from pg_class where oid = 'sparrow.records'::regclass) as rows`,
          },
          performance.now() + 5_000,
        );
        figures.fileBytes = (figures.fileBytes ?? 0) + Number(row?.bytes ?? 0);
        figures.entries = (figures.entries ?? 0) + Math.max(0, Number(row?.rows ?? 0));
      }
      return figures;
    },
    async close() {
      clearInterval(purge);
      await router.close();
    },
  };
  return engine;
}

const wantOf = (write: Write): number =>
  write.want === 'both' ? 3 : write.want === 'after' ? 2 : write.want === 'before' ? 1 : 0;

function editsOf(edits: readonly Edit[]): object[] {
  return edits.map((edit) =>
    edit.kind === 'set'
      ? { set: edit.fields, b: Buffer.from(edit.bytes).toString('hex') }
      : {
          f: edit.field,
          form: edit.form,
          s: edit.signed,
          by: String(edit.by),
          min: String(edit.min),
          max: String(edit.max),
        },
  );
}

/** Positions are numbers by slot: they stay good when slots move. */
function encodePosition(at: ReadonlyMap<number, number>): string {
  return Buffer.from(JSON.stringify([...at])).toString('base64url');
}

function decodePosition(position: string): Map<number, number> {
  if (position === '') return new Map();
  try {
    const pairs = JSON.parse(Buffer.from(position, 'base64url').toString('utf8')) as [number, number][];
    if (pairs.every(([slot, n]) => Number.isSafeInteger(slot) && Number.isSafeInteger(n))) return new Map(pairs);
  } catch {
    // Said below.
  }
  throw new StoreError('CURSOR_INVALID', 'this is no position of a sharded store', { hint: 'begin without one' });
}
