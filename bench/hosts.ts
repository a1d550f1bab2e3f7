/** Starts processes for benches and talks with them. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Child, startChild } from '@sparrow/core/process';

/** All processes that are measured, ours and the peers', run with the same flags. */
export const HOST_FLAGS = ['--max-semi-space-size=64'];
/** Messages that may be under way in a flood, and how many go out in one turn of the event loop: the same for all. */
export const FLOOD = { window: 60_000, burst: 512 };

export interface Host {
  child: Child;
  call<T>(command: object, timeoutMs?: number): Promise<T>;
  stop(): Promise<void>;
}

/** A script that answers commands by IPC. */
export async function startHost(script: string, args: string[], moreFlags: string[] = []): Promise<Host> {
  const child = await startChild(
    process.execPath,
    [...HOST_FLAGS, ...moreFlags, join(import.meta.dirname, script), ...args],
    {
      // What a peer's library prints must not come between our rows.
      stdio: ['ignore', 2, 'inherit', 'ipc'],
    },
  );
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  const ready = Promise.withResolvers<void>();
  let last = 0;
  child.process.on('message', (message: { ready?: true; id: number; value?: unknown; error?: string }) => {
    if (message.ready) return ready.resolve();
    const open = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error !== undefined) open?.reject(new Error(message.error));
    else open?.resolve(message.value);
  });
  void child.ended.then(() => {
    ready.reject(new Error(`${script} ended`));
    for (const { reject } of waiting.values()) reject(new Error(`${script} ended`));
  });
  const timer = setTimeout(() => ready.reject(new Error(`${script} is not ready`)), 15_000);
  await ready.promise;
  clearTimeout(timer);
  return {
    child,
    call<T>(command: object, timeoutMs = 60_000): Promise<T> {
      const id = ++last;
      return new Promise<T>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`${JSON.stringify(command)} took too long`)), timeoutMs);
        waiting.set(id, {
          resolve: (value) => {
            clearTimeout(late);
            resolve(value as T);
          },
          reject,
        });
        child.process.send({ id, command });
      });
    },
    stop: () => child.stop(500),
  };
}

/** A router process; answers where it listens. */
export async function startRouter(config: object): Promise<{ child: Child; address: string }> {
  const script = join(import.meta.dirname, '../packages/router/src/process/router-process.ts');
  const child = await startChild(process.execPath, [...HOST_FLAGS, script, JSON.stringify(config)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const lines = createInterface({ input: child.process.stdout as NodeJS.ReadableStream });
  const first = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the router does not listen')), 20_000);
    lines.on('line', (line) => {
      clearTimeout(timer);
      if (line.startsWith('{')) resolve(line);
    });
    void child.ended.then(() => reject(new Error('the router ended')));
  });
  const { addresses } = JSON.parse(first) as { addresses: string[] };
  return { child, address: addresses[0] as string };
}

/** CPU microseconds of a process so far, in ticks of 10 ms. */
export function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/**
 * Waits until processes have nothing left to do: what somebody put off is done in his own turn, and counted there.
 * Bounded, for a process may have work of its own all the time.
 */
export async function settled(pids: number[], maxMs = 2_000): Promise<void> {
  const total = (): number => pids.reduce((sum, pid) => sum + cpuOf(pid), 0);
  let last = total();
  for (const end = performance.now() + maxMs; performance.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = total();
    // A tick of the count is 10 ms: one of them in a tenth of a second is what heartbeats cost.
    if (now - last <= 10_000) return;
    last = now;
  }
}

/** Resident bytes of a process. */
export function rssOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096;
}
