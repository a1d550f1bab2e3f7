import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Coordinator } from '../src/coordinators/coordinator.ts';

export interface CoordinatorCase {
  name: string;
  /** Brings the engine up; `create` answers coordinators with sessions of their own on the same engine. */
  start(): Promise<{ create(): Coordinator; stop(): Promise<void> }>;
}

/** What every Coordinator must do. */
export function coordinatorContract({ name, start }: CoordinatorCase): void {
  describe(`coordinator: ${name}`, () => {
    let engine: Awaited<ReturnType<CoordinatorCase['start']>>;
    const open: Coordinator[] = [];
    let paths = 0;
    const path = (): string => `contract/p${++paths}`;
    const create = (): Coordinator => {
      const coordinator = engine.create();
      open.push(coordinator);
      return coordinator;
    };
    beforeAll(async () => {
      engine = await start();
    });
    afterAll(async () => {
      await Promise.all(open.map((coordinator) => coordinator.close()));
      await engine?.stop();
    });

    it('shows members to all, and no longer when their session is over', async () => {
      const [a, b] = [create(), create()];
      const at = path();
      let seen: Record<string, string> = {};
      const watch = b.watchMembers(at, (members) => (seen = Object.fromEntries(members)));
      const membership = await a.join(at, 'one', 'x');
      await a.join(at, 'two', 'y');
      await expect.poll(() => seen).toEqual({ one: 'x', two: 'y' });
      await membership.update('z');
      await expect.poll(() => seen).toEqual({ one: 'z', two: 'y' });
      await membership.leave();
      await expect.poll(() => seen).toEqual({ two: 'y' });
      await a.close();
      await expect.poll(() => seen).toEqual({});
      watch.close();
    });

    it('lets one lead at a time, the next when it resigns or its session ends, under rising terms', async () => {
      const at = path();
      const log: string[] = [];
      const terms: number[] = [];
      const candidates = [create(), create(), create()];
      const elections = [];
      for (const [index, coordinator] of candidates.entries()) {
        elections.push(
          await coordinator.elect(at, String(index), {
            elected(term) {
              terms.push(term);
              log.push(`+${index}`);
            },
            deposed: () => void log.push(`-${index}`),
          }),
        );
        if (index === 0) await expect.poll(() => log).toEqual(['+0']);
      }
      await elections[0]?.resign();
      await expect.poll(() => log.slice(0, 3)).toEqual(['+0', '-0', expect.stringMatching(/\+[12]/)]);
      const second = Number(log[2]?.slice(1));
      await candidates[second]?.close();
      const third = second === 1 ? 2 : 1;
      await expect.poll(() => log).toEqual(['+0', '-0', `+${second}`, `-${second}`, `+${third}`]);
      expect(terms).toEqual([...terms].sort((a, b) => a - b));
      expect(new Set(terms).size).toBe(3);
      expect(await (candidates[third] as Coordinator).nextTerm()).toBeGreaterThan(terms[2] as number);
    });

    it('writes a value only over the version that was read', async () => {
      const [a, b] = [create(), create()];
      const at = path();
      expect(await a.read(at)).toEqual({ data: '', version: -1 });
      const seen: string[] = [];
      const watch = b.watchValue(at, (data) => void seen.push(data));
      const version = await a.compareAndSet(at, 'first', -1);
      await expect.poll(() => seen.at(-1)).toBe('first');
      await expect(b.compareAndSet(at, 'late', -1)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
      const next = await b.compareAndSet(at, 'second', version);
      await expect(a.compareAndSet(at, 'stale', version)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
      expect(await a.read(at)).toEqual({ data: 'second', version: next });
      await expect.poll(() => seen.at(-1)).toBe('second');
      watch.close();
    });

    it('says how long its session is certain, and that it is over', async () => {
      const a = create();
      await a.join(path(), 'x', '');
      expect(a.validUntil).toBeGreaterThan(performance.now());
      await a.close();
      expect(a.validUntil).toBe(Number.NEGATIVE_INFINITY);
      await expect(a.join(path(), 'y', '')).rejects.toMatchObject({ code: 'CLOSED' });
    });
  });
}
