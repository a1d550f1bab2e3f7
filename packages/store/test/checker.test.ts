import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkHistory } from '../src/checker/history.ts';
import { createLmdbEngine, createRecordStore, type LmdbEngine, type RecordStore } from '../src/index.ts';
import { LOAD_SCHEMA } from './support/cluster.ts';
import { fill, finalState, shifted, startLoad } from './support/load.ts';

const KEYS = 20;

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

  async function rules(mutant?: 'lost-ack' | 'stale-read' | 'double-apply'): Promise<Set<string>> {
    store = await createRecordStore({ engine, schema: LOAD_SCHEMA, sweepEveryMs: 0, namespace: mutant ?? 'none' });
    await fill(store, KEYS, 10);
    const load = startLoad(store, { keys: KEYS, clients: 6, ...(mutant ? { mutant } : {}) });
    await expect.poll(() => load.history.length).toBeGreaterThan(1_500);
    await load.stop();
    const violations = checkHistory(shifted(load.history), await finalState(store, KEYS));
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
});
