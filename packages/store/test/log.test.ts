import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createFileLayer } from '../src/engines/lmdb/file-layer.ts';
import { type Log, openLog } from '../src/engines/lmdb/log.ts';
import { createForgetfulFiles } from './support/power-loss.ts';
import { createTornDisk } from './support/torn-files.ts';

const payload = (text: string): Buffer => Buffer.from(text);

async function replay(files: ReturnType<typeof createTornDisk>, applied = 0): Promise<string[]> {
  const seen: string[] = [];
  const log = await openLog({
    files,
    applied,
    segmentBytes: 512,
    onRecord: (sequence, bytes) => seen.push(`${sequence}:${bytes}`),
  });
  await log.close();
  return seen;
}

const append = (log: Log, payload: Buffer): ReturnType<Log['append']> =>
  log.append(payload.length, (out, at) => void out.set(payload, at));

describe('the log', () => {
  test.each([
    ['another thread', false],
    ['this one', true],
  ])(
    'gives back everything that was acknowledged when the last write is torn at any byte, written by %s',
    async (_, now) => {
      const disk = createTornDisk(new Map(), now);
      const log = await openLog({ files: disk, applied: 0, segmentBytes: 512, onRecord: () => {} });
      for (let i = 1; i <= 20; i++) await append(log, payload(`acknowledged ${i}`)).durable;
      // A group of three whose promise nobody got before the power went.
      const last = Promise.all(['x', 'yy', 'zzz'].map((text) => append(log, payload(text)).durable));
      await last;
      await log.close();
      const size = disk.appends.at(-1)?.bytes.length as number;
      expect(size).toBeGreaterThan(50);
      for (let kept = 0; kept <= size; kept++)
        for (const rest of ['old', 'noise'] as const) {
          const torn = disk.afterPowerLoss(kept, rest);
          const seen = await replay(torn);
          expect(seen.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, i) => `${i + 1}:acknowledged ${i + 1}`));
          expect(['21:x', '22:yy', '23:zzz'].slice(0, seen.length - 20)).toEqual(seen.slice(20));
          if (kept === size) expect(seen).toHaveLength(23);
          // A second life writes over nothing and is replayed behind the first.
          const known = seen.length;
          const second = await openLog({ files: torn, applied: 0, segmentBytes: 512, onRecord: () => {} });
          await append(second, payload('second life')).durable;
          await second.close();
          expect(await replay(torn)).toEqual([...seen, `${known + 1}:second life`]);
        }
    },
  );

  test('a torn head of a new segment is no segment', async () => {
    const disk = createTornDisk();
    const log = await openLog({ files: disk, applied: 0, segmentBytes: 256, onRecord: () => {} });
    await append(log, payload('a'.repeat(150))).durable;
    await append(log, payload('b'.repeat(150))).durable;
    await log.close();
    const head = disk.appends.findLastIndex(({ position }) => position === 0);
    const torn = createTornDisk(
      new Map([
        ...(await Promise.all((await disk.list()).map(async (name) => [name, await disk.read(name)] as const))),
      ]),
    );
    const { name } = disk.appends[head] as { name: string };
    for (let kept = 0; kept < 32; kept++) {
      const bytes = await disk.read(name);
      bytes.fill(0, kept);
      const files = createTornDisk(
        new Map([
          ...(await Promise.all(
            (await torn.list()).map(async (file) => [file, file === name ? bytes : await torn.read(file)] as const),
          )),
        ]),
      );
      expect(await replay(files)).toEqual([`1:${'a'.repeat(150)}`]);
    }
  });

  test('a missing segment is noticed', async () => {
    const disk = createTornDisk();
    const log = await openLog({ files: disk, applied: 0, segmentBytes: 256, onRecord: () => {} });
    for (let i = 0; i < 6; i++) await append(log, payload('x'.repeat(150))).durable;
    await log.close();
    await disk.remove((await disk.list()).sort()[1] as string);
    await expect(replay(disk)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  });

  test('a full disk refuses the write and everything behind it, and goes on when there is room', async () => {
    const disk = createTornDisk();
    const log = await openLog({ files: disk, applied: 0, onRecord: () => {} });
    await append(log, payload('one')).durable;
    disk.fail = 'ENOSPC';
    const refused = [append(log, payload('two')), append(log, payload('three'))];
    for (const { durable } of refused) await expect(durable).rejects.toMatchObject({ code: 'DISK_FULL' });
    disk.fail = undefined;
    const next = append(log, payload('four'));
    expect(next.sequence).toBe(2);
    await next.durable;
    await log.close();
    expect(await replay(disk)).toEqual(['1:one', '2:four']);
  });

  test('after a failed sync nothing is taken any more', async () => {
    const disk = createTornDisk();
    const log = await openLog({ files: disk, applied: 0, onRecord: () => {} });
    await append(log, payload('one')).durable;
    disk.fail = 'EIO';
    await expect(append(log, payload('two')).durable).rejects.toMatchObject({ code: 'LOG_FAILED' });
    disk.fail = undefined;
    expect(() => append(log, payload('three'))).toThrow(expect.objectContaining({ code: 'LOG_FAILED' }));
    await log.close();
    expect((await replay(disk))[0]).toBe('1:one');
  });

  test('the queue in front of the disk is bounded', async () => {
    const disk = createTornDisk();
    const log = await openLog({ files: disk, applied: 0, queueBytes: 1000, onRecord: () => {} });
    let release = (): void => {};
    disk.hold = new Promise((resolve) => (release = resolve));
    const waiting = [append(log, Buffer.alloc(100)).durable];
    await new Promise((resolve) => setTimeout(resolve, 20));
    waiting.push(append(log, Buffer.alloc(900)).durable);
    expect(() => append(log, Buffer.alloc(900))).toThrow(expect.objectContaining({ code: 'OVERLOADED' }));
    release();
    await Promise.all(waiting);
    await log.close();
  });

  test('what was acknowledged is there after a power loss that drops every page which was not synced', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'sparrow-power-'));
    try {
      const folder = join(dir, 'log');
      const { system, afterPowerLoss } = createForgetfulFiles(folder);
      const log = await openLog({
        files: createFileLayer(folder, system),
        applied: 0,
        segmentBytes: 4_096,
        onRecord: () => {},
      });
      for (let i = 1; i <= 60; i++) {
        await append(log, payload(`acknowledged ${i} ${'x'.repeat(i * 7)}`)).durable;
        if (i % 6 !== 0) continue;
        const lost = join(dir, `lost-${i}`);
        afterPowerLoss(lost);
        const seen: number[] = [];
        const again = await openLog({
          files: createFileLayer(lost),
          applied: 0,
          segmentBytes: 4_096,
          onRecord: (sequence) => seen.push(sequence),
        });
        expect(seen).toEqual(Array.from({ length: i }, (_, at) => at + 1));
        await again.close();
      }
      await log.close();
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  test('a write that was refused stays refused, though the disk has all of it', async () => {
    const disk = createTornDisk();
    // The bytes reach the disk, then it says that it is full.
    const files = {
      ...disk,
      async create(name: string, bytes: number) {
        const file = await disk.create(name, bytes);
        return {
          async append(data: Uint8Array, position: number) {
            await file.append(data, position);
            if (full && position > 0) throw Object.assign(new Error('injected'), { code: 'ENOSPC' });
          },
          close: () => file.close(),
        };
      },
    };
    let full = false;
    const log = await openLog({ files, applied: 0, onRecord: () => {} });
    await append(log, payload('one')).durable;
    full = true;
    const refused = [append(log, payload('two')), append(log, payload('three'))];
    for (const { durable } of refused) await expect(durable).rejects.toMatchObject({ code: 'DISK_FULL' });
    full = false;
    await append(log, payload('four')).durable;
    await append(log, payload('five')).durable;
    await log.close();
    expect(await replay(disk)).toEqual(['1:one', '2:four', '3:five']);
  });

  test('a segment that could not be removed is no gap, and goes the next time', async () => {
    const disk = createTornDisk();
    let stuck: string | undefined;
    const files = {
      ...disk,
      async remove(name: string) {
        if (name === stuck) throw Object.assign(new Error('injected'), { code: 'EBUSY' });
        await disk.remove(name);
      },
    };
    const log = await openLog({ files, applied: 0, segmentBytes: 256, onRecord: () => {} });
    for (let i = 0; i < 6; i++) await append(log, payload('x'.repeat(150))).durable;
    const names = (await disk.list()).sort();
    stuck = names[0];
    await log.release(4);
    // The others went.
    expect((await disk.list()).sort()).toEqual([names[0], ...names.slice(4)]);
    expect(await replay(createTornDisk(await copyOf(disk)), 4)).toEqual([
      `5:${'x'.repeat(150)}`,
      `6:${'x'.repeat(150)}`,
    ]);
    // What is not applied and in no file is a gap all the same.
    await expect(replay(createTornDisk(await copyOf(disk)), 3)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    stuck = undefined;
    await log.release(4);
    expect((await disk.list()).sort()).toEqual(names.slice(4));
    await log.close();
  });
});

async function copyOf(disk: ReturnType<typeof createTornDisk>): Promise<Map<string, Buffer>> {
  const names = await disk.list();
  return new Map(await Promise.all(names.map(async (name) => [name, await disk.read(name)] as const)));
}
