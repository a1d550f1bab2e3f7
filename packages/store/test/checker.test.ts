import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkLoad, fill, finalState, LOAD_SCHEMA } from '../src/checker/load.ts';
import { checkRecordHistory, type Operation } from '../src/checker/record-history.ts';
import { createLmdbEngine, createRecordStore, type LmdbEngine, type RecordStore } from '../src/index.ts';
import { startLoad } from './support/load.ts';

const KEYS = 20;

type Mutant = 'lost-ack' | 'stale-read' | 'double-apply';

/** A store that does not what it says, now and then. */
function tampered(store: RecordStore, mutant: Mutant): Pick<RecordStore, 'table'> {
  const table = store.table('Counter');
  const old = new Map<unknown, unknown>();
  const wrong = {
    ...table,
    async get(key: { id: bigint }, options: object) {
      const found = await table.get(key, options);
      if (mutant !== 'stale-read') return found;
      if (!old.has(key.id)) old.set(key.id, found);
      return old.get(key.id);
    },
    async fieldIncrease(key: { id: bigint }, by: object, options: object) {
      if (mutant === 'lost-ack' && Math.random() < 0.02) return { version: ((await table.get(key))?.version ?? 0) + 1 };
      const written = await table.fieldIncrease(key, by as never, options);
      if (mutant === 'double-apply' && Math.random() < 0.02) await table.fieldIncrease(key, by as never);
      return written;
    },
  };
  return { table: () => wrong as never };
}

/** The checker is worth what it catches. */
describe('the checker of histories', () => {
  let dir: string;
  let engine: LmdbEngine;
  let store: RecordStore;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'sparrow-checker-'));
    engine = await createLmdbEngine({ dir });
  });
  afterAll(async () => {
    await engine.close();
    rmSync(dir, { recursive: true, force: true });
  });

  async function rules(mutant?: Mutant): Promise<Set<string>> {
    store = await createRecordStore({ engine, schema: LOAD_SCHEMA, sweepEveryMs: 0, namespace: mutant ?? 'none' });
    await fill(store, KEYS, 10);
    const load = startLoad(mutant ? tampered(store, mutant) : store, { keys: KEYS, clients: 6 });
    await expect.poll(() => load.history.length).toBeGreaterThan(1_500);
    await load.stop();
    const violations = checkLoad(load.history, await finalState(store, KEYS));
    await store.close();
    return new Set(violations.map(({ rule }) => rule));
  }

  test('finds nothing in a correct history', async () => {
    expect([...(await rules())]).toEqual([]);
  });
  test('catches an acknowledged write that was not done', async () => {
    expect([...(await rules('lost-ack'))]).toContain('lost');
  });
  test('catches reads that go back in time', async () => {
    expect([...(await rules('stale-read'))]).toContain('stale-read');
  });
  test('catches a write that was done twice', async () => {
    expect([...(await rules('double-apply'))]).toContain('doubled');
  });

  const op = (kind: 'read' | 'write', start: number, end: number, version: number, count?: bigint): Operation => ({
    key: 'k',
    kind,
    start,
    end,
    outcome: 'ok',
    version,
    ...(count === undefined ? {} : { count }),
  });
  test.each([
    ['version-twice', [op('write', 0, 1, 1), op('write', 0, 1, 1)], 2],
    ['order', [op('write', 0, 1, 2), op('write', 2, 3, 1)], 2],
    ['future-read', [op('write', 0, 1, 1), op('read', 2, 3, 2)], 2],
    ['read-disagrees', [op('write', 0, 1, 1, 1n), op('read', 2, 3, 1, 2n)], 1],
    ['stale-read', [op('read', 0, 1, 1), op('read', 2, 3, 0), op('write', 0, 1, 1)], 1],
    ['lost', [op('write', 0, 1, 1), op('write', 2, 3, 2)], 1],
    ['doubled', [op('write', 0, 1, 1)], 2],
  ] as const)('knows %s when it sees it', (rule, history, end) => {
    const found = checkRecordHistory(history, new Map([['k', { version: end, count: BigInt(end) }]]));
    expect(found.map((violation) => violation.rule)).toContain(rule);
  });
});
