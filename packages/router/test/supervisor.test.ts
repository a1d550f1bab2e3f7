import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from '@sparrow/core/process';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Coordinator, Election } from '../src/coordinators/coordinator.ts';
import { createLocalCoordination } from '../src/coordinators/local.ts';
import { superviseRouter } from '../src/supervisor/supervisor.ts';
import { createWatchdog } from '../src/supervisor/watchdog.ts';

const PROCESS = join(import.meta.dirname, '../src/process/router-process.ts');
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const unique = (): string => `set-${process.pid}-${Math.random().toString(36).slice(2)}`;

/** Processes whose command line names a set. */
function processesOf(set: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return pid !== process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(set);
      } catch {
        return false;
      }
    });
}

const isAlive = (pid: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !'ZX'.includes(stat[stat.lastIndexOf(')') + 2] as string);
  } catch {
    return false;
  }
};

function supervise(set: string, options: { hangMs?: number; coordinator?: Coordinator } = {}) {
  const log: string[] = [];
  const supervisor = superviseRouter({
    coordinator: createLocalCoordination().createCoordinator(),
    router: { set, name: 'r1', listen: '127.0.0.1:0', key: 'secret' },
    log: (line) => void log.push(line),
    ...options,
  });
  onTestFinished(() => supervisor.close());
  return { supervisor, log };
}

describe('a supervisor', () => {
  it('does not take a router that is still starting for hung, however short its patience is', async () => {
    // No program of this size is up in so short a time.
    const { supervisor, log } = supervise(unique(), { hangMs: 250 });
    await supervisor.ready();
    await expect.poll(() => supervisor.leads).toBe(true);
    expect(log).toEqual([]);
  });

  it('gives the lease of a router that hangs back when that router is dead, and not before', async () => {
    const resigned: { pid: number; wasAlive: boolean }[] = [];
    let pid = 0;
    const local = createLocalCoordination().createCoordinator();
    const coordinator: Coordinator = Object.create(local, {
      validUntil: { get: () => performance.now() + 600_000 },
      elect: {
        value: async (...args: Parameters<Coordinator['elect']>): Promise<Election> => {
          const election = await local.elect(...args);
          return {
            async resign() {
              resigned.push({ pid, wasAlive: isAlive(pid) });
              await election.resign();
            },
          };
        },
      },
    });
    const { supervisor, log } = supervise(unique(), { hangMs: 500, coordinator });
    await supervisor.ready();
    await expect.poll(() => supervisor.leads).toBe(true);
    pid = supervisor.routerPid ?? 0;
    process.kill(pid, 'SIGSTOP');
    await expect.poll(() => resigned).toEqual([{ pid, wasAlive: false }]);
    expect(log[0]).toMatch(/hangs: it has said nothing for \d+ ms: it is killed/);
    // Another one is started and leads.
    await expect.poll(() => supervisor.leads && supervisor.routerPid !== pid).toBe(true);
  });

  it('leaves nothing running when it is closed at any moment of a start', async () => {
    for (const afterMs of [undefined, 0, 1, 5, 20, 100, 300]) {
      const set = unique();
      const { supervisor, log } = supervise(set);
      if (afterMs !== undefined) await pause(afterMs);
      await supervisor.close();
      await expect.poll(() => processesOf(set)).toEqual([]);
      expect(log).toEqual([]);
    }
  });
});

describe('a router that waits for ZooKeeper', () => {
  it('says which servers do not answer, says that it lives, and stops without a fault when it is told to', async () => {
    const config = { set: unique(), name: 'r1', listen: '127.0.0.1:0', zookeeper: ['127.0.0.1:1'], isSupervised: true };
    for (const how of ['message', 'signal']) {
      const child = await startChild(process.execPath, [PROCESS, JSON.stringify(config)], {
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      });
      onTestFinished(() => child.stop(0));
      let said = '';
      let alive = 0;
      child.process.stderr?.on('data', (bytes) => (said += String(bytes)));
      child.process.on('message', () => void alive++);
      await expect.poll(() => said).toContain('ZooKeeper does not answer at 127.0.0.1:1');
      await expect.poll(() => alive).toBeGreaterThan(3);
      if (how === 'message') child.process.send({ kind: 'stop' });
      else process.kill(child.pid, 'SIGTERM');
      expect(await child.ended).toEqual({ code: 0, signal: null });
      expect(said).not.toMatch(/Error:|at .*\.ts:/);
    }
  });
});

describe('a watchdog', () => {
  /** Looks every 50 ms at a process that says nothing, until it is called hung or a minute is over. */
  function watch(run: (elapsed: number) => { waited: number; lateBy?: number }): string | undefined {
    let now = 0;
    let waited = 0;
    const dog = createWatchdog({ pid: 1, hangMs: 1_000, now: () => now, waited: () => waited });
    dog.heard();
    while (now < 60_000) {
      const { waited: more, lateBy = 0 } = run(now);
      now += 50 + lateBy;
      waited += more;
      const reason = dog.look();
      if (reason) return `${reason} (at ${now})`;
    }
    return undefined;
  }
  const at = (text: string | undefined): number => Number(/at (\d+)\)$/.exec(text ?? '')?.[1]);

  it('calls a process hung that does not run though it could, or runs without a word', () => {
    const found = watch(() => ({ waited: 0 }));
    expect(found).toMatch(/^hangs/);
    expect(at(found)).toBeLessThanOrEqual(1_100);
  });

  it('does not count time without a processor: half of it makes the wait twice as long', () => {
    const found = watch(() => ({ waited: 25 }));
    expect(found).toMatch(/^hangs/);
    expect(at(found)).toBeGreaterThan(1_500);
    expect(at(found)).toBeLessThan(2_500);
  });

  it('gives a process up that never gets a processor, long after a hung one', () => {
    const found = watch(() => ({ waited: 50 }));
    expect(found).toMatch(/^gets no processor/);
    expect(at(found)).toBeGreaterThan(10_000);
  });

  it('does not count time in which it stood still itself', () => {
    let stalls = 0;
    const found = watch((elapsed) => ({ waited: 0, lateBy: elapsed > 100 && stalls++ === 0 ? 20_000 : 0 }));
    expect(at(found)).toBeGreaterThan(20_000 + 600);
  });

  it('lets a process take its time to start', () => {
    let now = 0;
    const dog = createWatchdog({ pid: 1, hangMs: 1_000, bootMs: 30_000, now: () => now, waited: () => 0 });
    for (; now < 29_000; now += 50) expect(dog.look()).toBeUndefined();
    for (; now <= 30_000; now += 50) dog.look();
    now += 50;
    expect(dog.look()).toMatch(/has said nothing in 30000 ms/);
  });
});
