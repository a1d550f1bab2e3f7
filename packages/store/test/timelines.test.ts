import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManualClock } from '@sparrow/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  backupStore,
  createLmdbEngine,
  createRecordStore,
  describeArchive,
  gapsOf,
  type LmdbEngine,
  openArchive,
  parseTime,
  type RecordStore,
  restoreStore,
} from '../src/index.ts';

const SCHEMA = `syntax = "proto3";
message Note {
  option (tcaplusservice.tcaplus_primary_key) = "id";
  option (tcaplusservice.tcaplus_customattr) = "Feed=on";
  int64 id = 1; string text = 2;
}`;

interface Opened {
  engine: LmdbEngine;
  store: RecordStore;
  write(...ids: number[]): Promise<void>;
  ids(): Promise<number[]>;
  /** Everything behind a position, to the end. */
  read(position: string): Promise<{ ids: number[]; position: string }>;
  close(): Promise<void>;
}

describe('restores and what came after them', () => {
  let dir: string;
  const clock = createManualClock(Date.UTC(2030, 0, 1));
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'sparrow-lines-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
  const at = (name: string): string => join(dir, name);

  async function open(name: string, archived = true): Promise<Opened> {
    const engine = await createLmdbEngine({
      dir: at(name),
      clock,
      ...(archived ? { archive: () => openArchive(at('archive'), { clock }) } : {}),
    });
    const store = await createRecordStore({ engine, schema: SCHEMA, clock, sweepEveryMs: 0 });
    const table = store.table('Note');
    return {
      engine,
      store,
      async write(...ids) {
        for (const id of ids) {
          clock.advance(1_000);
          await table.replace({ id: BigInt(id), text: name });
        }
      },
      async ids() {
        const { records } = await table.traverse({ limit: 1_000 });
        return records.map(({ record }) => Number(record.id));
      },
      async read(position) {
        const ids: number[] = [];
        for (let here = position; ; ) {
          const page = await table.changes(here, { limit: 3 });
          ids.push(...page.changes.map(({ key }) => Number(key.id)));
          here = page.position;
          if (page.changes.length === 0) return { ids, position: here };
        }
      },
      async close() {
        await store.close();
        await engine.close();
      },
    };
  }
  async function restored(backup: string, name: string, options: { until?: number; timeline?: string } = {}) {
    clock.advance(1_000);
    const told = await restoreStore(at(backup), at(name), { archive: at('archive'), clock, ...options });
    const opened = await open(name, false);
    const ids = await opened.ids();
    await opened.close();
    return { ...told, ids };
  }

  test('what was undone stays undone, and what was acknowledged afterwards is there, restore after restore', async () => {
    let here = await open('a');
    await here.write(1, 2);
    await backupStore(here.engine, at('first'), { clock });
    await here.write(13, 14, 15);
    await here.close();
    // The operator goes back to the backup, and the store goes on, with the same archive.
    clock.advance(1_000);
    await restoreStore(at('first'), at('b'), { clock });
    here = await open('b');
    await here.write(21, 22, 23, 24, 25);
    await backupStore(here.engine, at('second'), { clock });
    await here.write(26);
    await here.close();
    expect((await restored('first', 'c')).ids).toEqual([1, 2, 21, 22, 23, 24, 25, 26]);
    expect((await restored('second', 'd')).ids).toEqual([1, 2, 21, 22, 23, 24, 25, 26]);
    // And once more, from a moment on that timeline.
    clock.advance(1_000);
    const third = await restoreStore(at('second'), at('e'), { clock });
    here = await open('e');
    await here.write(31);
    await here.close();
    expect((await restored('first', 'f')).ids).toEqual([1, 2, 21, 22, 23, 24, 25, 31]);
    expect(third.timeline).toMatch(/^tml_/);
    expect(await gapsOf(at('archive'))).toEqual([]);
    expect(new Set((await describeArchive(at('archive'))).map(({ timeline }) => timeline)).size).toBe(3);
  });

  test('a moment gives the store as it was then, also one whose changes were undone later', async () => {
    let here = await open('a');
    await here.write(1);
    await backupStore(here.engine, at('backup'), { clock });
    await here.write(12);
    const then = clock.now();
    await here.write(13);
    await here.close();
    clock.advance(60_000);
    const { timeline } = await restoreStore(at('backup'), at('b'), { clock });
    here = await open('b');
    await here.write(21);
    const later = clock.now();
    await here.write(22);
    await here.close();
    expect((await restored('backup', 'c', { until: then })).ids).toEqual([1, 12]);
    expect((await restored('backup', 'd', { until: later })).ids).toEqual([1, 21]);
    expect(await restored('backup', 'e', { timeline: '' })).toMatchObject({ ids: [1, 12, 13], followed: '' });
    expect(await restored('backup', 'f', { timeline })).toMatchObject({ ids: [1, 21, 22], followed: timeline });
    await expect(restored('backup', 'g', { timeline: 'tml_none' })).rejects.toMatchObject({ code: 'BACKUP_INVALID' });
    await expect(restored('backup', 'h', { until: Number.NaN })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('a backup that is younger than where a later timeline began keeps its own, and says what it passed over', async () => {
    let here = await open('a');
    await here.write(1);
    await backupStore(here.engine, at('early'), { clock });
    await here.write(12, 13);
    await backupStore(here.engine, at('late'), { clock });
    await here.write(14);
    await here.close();
    clock.advance(1_000);
    const { timeline } = await restoreStore(at('early'), at('b'), { clock });
    here = await open('b');
    await here.write(21);
    await here.close();
    expect(await restored('late', 'c')).toMatchObject({ ids: [1, 12, 13, 14], passedOver: [timeline] });
    expect(await restored('early', 'd')).toMatchObject({ ids: [1, 21], passedOver: [] });
  });

  test('an older copy that was put in place by hand begins a timeline of its own: nothing it acknowledges is dropped', async () => {
    let here = await open('a');
    await here.write(1);
    await here.engine.copyTo(at('copy.mdb'), true);
    await backupStore(here.engine, at('backup'), { clock });
    await here.write(12, 13, 14);
    await here.close();
    mkdirSync(at('b'));
    copyFileSync(at('copy.mdb'), join(at('b'), 'data.mdb'));
    clock.advance(1_000);
    here = await open('b');
    await here.write(21, 22);
    await here.close();
    // Opened again it is where it was.
    here = await open('b');
    await here.write(23);
    await here.close();
    expect((await restored('backup', 'c')).ids).toEqual([1, 21, 22, 23]);
  });

  test('a gap where a timeline began is shown, and no restore goes over it', async () => {
    let here = await open('a');
    await here.write(1);
    await backupStore(here.engine, at('backup'), { clock });
    await here.write(2);
    await here.close();
    here = await open('a', false);
    await here.write(3, 4);
    await backupStore(here.engine, at('behind'), { clock });
    await here.close();
    clock.advance(1_000);
    await restoreStore(at('behind'), at('b'), { clock });
    here = await open('b');
    await here.write(5);
    await here.close();
    expect((await gapsOf(at('archive'))).length).toBe(1);
    await expect(restored('backup', 'c')).rejects.toMatchObject({ code: 'BACKUP_INVALID' });
    expect((await restored('behind', 'd')).ids).toEqual([1, 2, 3, 4, 5]);
  });

  test('a restore that was cut off is no store, and one is refused beside an old log', async () => {
    const here = await open('a');
    await here.write(1);
    await backupStore(here.engine, at('backup'), { clock });
    await here.close();
    mkdirSync(at('b'));
    writeFileSync(join(at('b'), 'data.mdb.restoring'), 'half');
    await restoreStore(at('backup'), at('b'), { clock });
    expect(readdirSync(at('b'))).toEqual(['data.mdb']);
    rmSync(join(at('a'), 'data.mdb'));
    await expect(restoreStore(at('backup'), at('a'), { clock })).rejects.toMatchObject({ code: 'BACKUP_INVALID' });
  });

  test('a reader of the feed goes on over a restore when it saw nothing that was undone, and is told when it did', async () => {
    let here = await open('a', false);
    await here.write(1, 2);
    const shared = await here.read('');
    await backupStore(here.engine, at('backup'), { clock });
    await here.write(13, 14, 15, 16);
    const undone = await here.read(shared.position);
    expect([shared.ids, undone.ids]).toEqual([
      [1, 2],
      [13, 14, 15, 16],
    ]);
    await here.close();
    await restoreStore(at('backup'), at('b'), { clock });
    here = await open('b', false);
    await here.write(21, 22, 23, 24, 25, 26, 27);
    expect((await here.read(shared.position)).ids).toEqual([21, 22, 23, 24, 25, 26, 27]);
    const gone = { code: 'FEED_GONE' };
    await expect(here.read(undone.position)).rejects.toMatchObject(gone);
    const present = await here.read('');
    expect(present.ids).toEqual([1, 2, 21, 22, 23, 24, 25, 26, 27]);
    // One position of the new timeline, and the same over another restore and over a start of the process.
    await here.close();
    here = await open('b', false);
    await here.write(28);
    expect((await here.read(present.position)).ids).toEqual([28]);
    await backupStore(here.engine, at('again'), { clock });
    await here.close();
    await restoreStore(at('again'), at('c'), { clock });
    here = await open('c', false);
    await here.write(31);
    expect((await here.read(present.position)).ids).toEqual([28, 31]);
    await expect(here.read(undone.position)).rejects.toMatchObject(gone);
    await expect(here.read(`tml_${'0'.repeat(26)}.5`)).rejects.toMatchObject(gone);
    for (const wrong of ['x', '-1', '1.5', `${present.position}.`, 'tml_1.2'])
      await expect(here.read(wrong)).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
    await here.close();
  });

  test('a reader who comes after entries were cleaned away is told, and does not go on over the gap', async () => {
    const here = await open('a', false);
    await here.write(1, 2);
    const early = await here.read('');
    await here.write(3, 4, 5);
    const { id } = here.store.codec('Note');
    expect(await here.engine.trimFeed(id, clock.now() - 1_500, 100)).toBe(3);
    await expect(here.read(early.position)).rejects.toMatchObject({ code: 'FEED_GONE' });
    expect((await here.read('')).ids).toEqual([4, 5]);
    await here.close();
  });

  test('a time is read exactly or not at all', () => {
    expect(parseTime('2026-11-28T08:00:00Z')).toBe(Date.UTC(2026, 10, 28, 8));
    expect(parseTime('2026-11-28T08:00:00.5Z')).toBe(Date.UTC(2026, 10, 28, 8, 0, 0, 500));
    expect(parseTime('2026-11-28 08:00+08:00')).toBe(Date.UTC(2026, 10, 28, 0));
    expect(parseTime('2026-11-28T08:00-0130')).toBe(Date.UTC(2026, 10, 28, 9, 30));
    expect(parseTime('2026-11-28 08:00')).toBe(new Date(2026, 10, 28, 8).getTime());
    expect(parseTime('2026-11-28')).toBe(new Date(2026, 10, 28).getTime());
    expect(parseTime('1795861348542')).toBe(1_795_861_348_542);
    for (const text of [
      ...['2026-11-28 8h', '2026-11-28 8:00', '', 'now', '2026', '2026-02-30', '2026-13-01', '2026-11-28T24:00:00Z'],
      ...['2026-11-28T08:60Z', '2026-11-28T08:00:00+25:00', '28.11.2026', '2026-11-28T08:00:00Zx', '179586134854'],
    ])
      expect(() => parseTime(text), text).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
