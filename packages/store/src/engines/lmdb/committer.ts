import { Ticker } from '@sparrow/core';
import type { RootDatabase } from 'lmdb';
import { StoreError } from '../../errors.ts';
import { phrase } from '../../phrase.ts';
import { applyWrite } from '../apply-write.ts';
import type { Commit, Row, Write, WriteResult } from '../kv-engine.ts';
import {
  decodeRow,
  encodeFeed,
  encodeRow,
  indexOf,
  payloadBytes,
  SPACE,
  type StoredChange,
  spaced,
  writePayload,
} from './layout.ts';
import type { Log } from './log.ts';
import { type Entry, type Overlay, textOf } from './overlay.ts';

/** Computes commits against what is pending, hands them to the log, and says when they are durable. */
export interface Committer {
  /** @throws StoreError by the promise: INDETERMINATE or TIMEOUT at its deadline, and what the log says */
  commit(commit: Commit): Promise<WriteResult[]>;
  /** Changes that no write of a row makes. */
  write(changes: readonly StoredChange[], deadline: number): Promise<void>;
  /** The newest bytes under a key, durable or not. Good until the next read of LMDB. */
  newest(text: string, key: Buffer): Buffer | undefined;
  /** Resolves when everything that was handed over so far is durable, or was refused. */
  idle(): Promise<void>;
  /** The highest revision that was given. */
  readonly rev: number;
  close(): void;
}

export interface CommitterOptions {
  db: RootDatabase<Buffer, Buffer>;
  overlay: Overlay;
  log: Log;
  /** The highest revision that was given so far. */
  rev: number;
  /** Entries became durable, in their order; nobody was told yet. */
  onDurable(entries: readonly Entry[]): void;
}

/** Somebody who waits for a group. */
interface Waiting {
  results: WriteResult[];
  deadline: number;
  /** Whether something of it is in the group. Without it the answer stands on what others wrote. */
  writes: boolean;
  resolve(results: WriteResult[]): void;
  reject(error: unknown): void;
}

/** Commits that go to the disk together. */
interface Group {
  durable: Promise<void>;
  entries: Entry[];
  waiting: Waiting[];
}

/** Deadlines are looked after so often, for all who wait. */
const TICK_MS = 20;

export function createCommitter(options: CommitterOptions): Committer {
  const { db, overlay, log } = options;
  let { rev } = options;
  /** The last group that was begun and is not durable. */
  let group: Group | undefined;
  const open = new Set<Group>();
  const ticker = new Ticker(TICK_MS, (now) => {
    refuseLate(now);
    return open.size > 0;
  });

  function newest(text: string, key: Buffer): Buffer | undefined {
    const entry = overlay.pending.get(text) ?? overlay.find(text);
    return entry ? entry.value : db.getBinaryFast(key);
  }

  function beginGroup(durable: Promise<void>): Group {
    const own: Group = { durable, entries: [], waiting: [] };
    group = own;
    open.add(own);
    durable.then(
      () => {
        overlay.settle(own.entries);
        endGroup(own);
        options.onDurable(own.entries);
        for (const { resolve, results } of own.waiting) resolve(results);
      },
      (error: unknown) => {
        // Everything behind the failure was refused, too.
        overlay.pending.clear();
        endGroup(own);
        for (const { reject } of own.waiting) reject(error);
      },
    );
    ticker.start();
    return own;
  }

  function endGroup(own: Group): void {
    open.delete(own);
    if (group === own) group = undefined;
  }

  function refuseLate(now: number): void {
    for (const { waiting } of open)
      for (let i = waiting.length - 1; i >= 0; i--) {
        const { deadline, writes, reject } = waiting[i] as Waiting;
        if (deadline > now) continue;
        waiting.splice(i, 1);
        reject(tooLate(writes));
      }
  }

  /** Hands changes to the log; what comes while the disk is busy is one group. */
  function append(changes: readonly StoredChange[]): Group {
    const { sequence, durable } = log.append(payloadBytes(changes), (out, at) => writePayload(changes, out, at));
    const own = group?.durable === durable ? group : beginGroup(durable);
    for (const { key, value } of changes) {
      const text = textOf(key);
      const entry = { text, key, value, sequence };
      overlay.pending.set(text, entry);
      own.entries.push(entry);
    }
    return own;
  }

  function wait(own: Group, results: WriteResult[], deadline: number, writes: boolean): Promise<WriteResult[]> {
    return new Promise((resolve, reject) => {
      own.waiting.push({ results, deadline, writes, resolve, reject });
    });
  }

  return {
    newest,
    get rev() {
      return rev;
    },
    commit(commit) {
      const work = computeCommit({
        commit,
        newest,
        nextRev: () => ++rev,
        isPending: (text) => overlay.pending.has(text),
      });
      const { results, changes } = work;
      if (changes.length > 0) return wait(append(changes), results, commit.deadline, true);
      // An answer that stands on what is not durable waits for it: a crash could take it back.
      if (work.standsOnPending && group) return wait(group, results, commit.deadline, false);
      return Promise.resolve(results);
    },
    async write(changes, deadline) {
      if (changes.length > 0) await wait(append(changes), [], deadline, true);
    },
    async idle() {
      for (const { durable } of [...open]) await durable.catch(() => {});
    },
    close: () => ticker.stop(),
  };
}

function tooLate(writes: boolean): StoreError {
  return writes
    ? new StoreError('INDETERMINATE', phrase`the disk did not make the write durable in time; it may still do so`, {
        hint: phrase`read the record to see whether it happened; look at the disk`,
      })
    : new StoreError('TIMEOUT', phrase`what this answer stands on did not become durable in time`, {
        hint: phrase`nothing was written; try again, or give more timeoutMs`,
      });
}

interface Work {
  commit: Commit;
  newest(text: string, key: Buffer): Buffer | undefined;
  nextRev(): number;
  isPending(text: string): boolean;
}

interface Computed {
  results: WriteResult[];
  /** Empty when nothing is to be written. */
  changes: StoredChange[];
  /** Whether the answer looked at something that is not durable. */
  standsOnPending: boolean;
}

/** What a commit makes of the rows. Synchronous, so nothing comes between reading and writing. */
function computeCommit({ commit, newest, nextRev, isPending }: Work): Computed {
  const { writes, now } = commit;
  const computed: Computed = { results: [], changes: [], standsOnPending: false };
  const { results } = computed;
  // Writes of one commit see each other.
  const own = writes.length > 1 ? new Map<string, Buffer | undefined>() : undefined;
  for (const write of writes) {
    const key = spaced(SPACE.row, write.key);
    const text = textOf(key);
    const bytes = own?.has(text) ? own.get(text) : newest(text, key);
    const row = bytes ? decodeRow(bytes, bytes.length) : undefined;
    const outcome = applyWrite(row, write, now);
    const live = row && (row.expires === 0 || row.expires > now) ? row : undefined;
    const result: WriteResult = { code: outcome.code, version: live?.version ?? 0, rev: live?.rev ?? 0 };
    results.push(result);
    const wantsBefore = write.want === 'before' || write.want === 'both';
    if (live && (wantsBefore || outcome.code !== 'ok')) result.before = { ...live, value: Buffer.from(live.value) };
    computed.standsOnPending ||= isPending(text);
    if (outcome.code !== 'ok') {
      while (results.length < writes.length) results.push({ code: 'skipped', version: 0, rev: 0 });
      return { results, changes: [], standsOnPending: computed.standsOnPending };
    }
    if (write.op === 'check') continue;
    const changed = changeRow({ write, row, bytes, after: outcome.after, result, nextRev }, computed.changes);
    if (changed !== 'nothing') own?.set(text, changed);
    if (commit.feed && write.feed !== false && (outcome.after || live))
      computed.changes.push(feedEntry(write, outcome.after, live?.version ?? 0, now, nextRev()));
  }
  return computed;
}

interface RowChange {
  write: Write;
  row: Row | undefined;
  bytes: Buffer | undefined;
  after: Omit<Row, 'rev'> | undefined;
  result: WriteResult;
  nextRev(): number;
}

/** Notes what a write makes of its row and the row's index entries; answers the row's new bytes. */
function changeRow(change: RowChange, changes: StoredChange[]): Buffer | undefined | 'nothing' {
  const { write, row, bytes, after, result } = change;
  const key = spaced(SPACE.row, write.key);
  const oldIndex = bytes ? indexOf(bytes) : [];
  if (after) {
    const next = change.nextRev();
    const index = write.index ?? oldIndex;
    const value = encodeRow({ ...after, rev: next }, after.value, index);
    changes.push({ key, value });
    if (index !== oldIndex) diffIndex(oldIndex, index, write.key, changes);
    result.version = after.version;
    result.rev = next;
    if (write.want === 'after' || write.want === 'both') result.after = decodeRow(value);
    return value;
  }
  if (!row) return 'nothing';
  changes.push({ key, value: undefined });
  diffIndex(oldIndex, [], write.key, changes);
  result.version = row.version;
  return undefined;
}

function feedEntry(
  write: Write,
  after: Omit<Row, 'rev'> | undefined,
  version: number,
  now: number,
  rev: number,
): StoredChange {
  const key = Buffer.allocUnsafe(12);
  write.key.copy(key, 0, 0, 4);
  key.writeBigUInt64BE(BigInt(rev), 4);
  const row = after ?? { value: new Uint8Array(0), version, expires: 0, modified: now };
  return { key: spaced(SPACE.feed, key), value: encodeFeed(write, after ? 'put' : 'delete', row, now) };
}

function diffIndex(before: readonly Buffer[], after: readonly Buffer[], rowKey: Buffer, changes: StoredChange[]): void {
  for (const entry of before)
    if (!after.some((other) => other.equals(entry)))
      changes.push({ key: spaced(SPACE.index, entry), value: undefined });
  for (const entry of after)
    if (!before.some((other) => other.equals(entry))) changes.push({ key: spaced(SPACE.index, entry), value: rowKey });
}
