import { applyEdits, type Edit } from '../../codec/edit.ts';
import { StoreError } from '../../errors.ts';
import { phrase } from '../../phrase.ts';
import type { ShardClient } from '../../shards/shard-client.ts';
import type { Retry, ShardRouter } from '../../shards/shard-router.ts';
import type { Commit, KvEngine, Row, Write, WriteCode, WriteResult } from '../kv-engine.ts';

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

/** Writes: one trip a commit, to the shard of its slot. */
export interface Commits {
  /** @throws StoreError TIMEOUT, INDETERMINATE, SHARD_DOWN */
  one(commit: Commit, write: Write): Promise<WriteResult>;
  /** All or none of several writes. @throws StoreError TIMEOUT, INDETERMINATE, SHARD_DOWN */
  many(commit: Commit): Promise<WriteResult[]>;
}

export function createCommits(options: {
  router: ShardRouter;
  get(...args: Parameters<KvEngine['get']>): Promise<Row | undefined>;
}): Commits {
  const { router, get } = options;

  async function commitOne(commit: Commit, write: Write): Promise<WriteResult> {
    const rev = newRev();
    if (write.op === 'edit' && !isForServer(write)) return editByClient(commit, write);
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
      const present = alive ? { before: alive } : {};
      if (value.length > (write.maxBytes ?? Number.POSITIVE_INFINITY))
        return { code: 'large', version: alive?.version ?? 0, rev: alive?.rev ?? 0, ...present };
      const { edits: _, index: __, maxBytes: ___, ...rest } = write;
      const result = await commitOne(commit, { ...rest, op: 'put', value, guard: alive?.rev ?? 0 });
      if (result.code !== 'guard') return result;
      if (write.guard !== undefined && result.rev !== write.guard) return result;
      if (performance.now() > commit.deadline)
        throw new StoreError('TIMEOUT', phrase`the record changed each time it was tried`, {
          hint: phrase`give more timeoutMs`,
        });
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

  return { one: commitOne, many: commitMany };
}

/** A shard edits rows up to this itself; longer ones come back to the client. */
const SERVER_BYTES = 1_800;

/** Whether a shard may do the edits: it knows no floating numbers, and no limit of bytes. */
function isForServer({ edits = [], maxBytes = Number.POSITIVE_INFINITY }: Write): boolean {
  let bytes = SERVER_BYTES;
  for (const edit of edits) {
    if (edit.kind === 'increase' && (edit.form === 'float' || edit.form === 'double')) return false;
    // An increase adds a tag and a number at most.
    bytes += edit.kind === 'set' ? edit.bytes.length : 15;
  }
  return bytes <= maxBytes;
}

function answer(row: Outcome, client: ShardClient): Outcome | Retry {
  if (row.code === 'moved' || row.code === 'fenced') return { retry: row.code };
  if (row.code !== 'late') return row;
  client.forgetClock();
  return { retry: 'fenced' };
}

const indeterminate = (): StoreError =>
  new StoreError('INDETERMINATE', phrase`the answer of a write was lost, and too much happened to the record since`, {
    hint: phrase`read the record to see whether it happened`,
  });

function toResult(outcome: Outcome, write: Write, now: number): WriteResult {
  const code = ANSWERS[outcome.code];
  if (!code) {
    if (outcome.code === 'unknown') throw indeterminate();
    throw new StoreError('SHARD_DOWN', phrase`a shard answered ${outcome.code}`, {
      hint: phrase`shard and client are of different versions`,
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
          ...(edit.initial === undefined ? {} : { d: String(edit.initial) }),
          by: String(edit.by),
          min: String(edit.min),
          max: String(edit.max),
        },
  );
}
