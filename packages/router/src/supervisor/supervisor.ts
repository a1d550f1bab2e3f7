import { join } from 'node:path';
import { backoff } from '@sparrow/core';
import { type Child, startChild } from '@sparrow/core/process';
import type { Coordinator, Election } from '../coordinators/coordinator.ts';
import type { RouterProcessConfig } from '../process/config.ts';
import { machineNow, type ToRouter, type ToSupervisor } from './lease-channel.ts';

const SCRIPT = join(import.meta.dirname, '../process/router-process.ts');

export interface SupervisorOptions {
  /** Holds the session whose lease the router leads by. */
  coordinator: Coordinator;
  /** What its child is to be. */
  router: Omit<RouterProcessConfig, 'isSupervised'>;
  /** A child that says nothing for so long is taken for dead (default 1,000 ms). */
  hangMs?: number;
  log?: (line: string) => void;
  /** A router listens: the first, and each that replaces one that ended. */
  onReady?: (addresses: string[], pid: number) => void;
}

export interface Supervisor {
  /** Of the router's process; undefined between two. */
  readonly routerPid: number | undefined;
  readonly leads: boolean;
  /** Resolves when the router listens. */
  ready(): Promise<string[]>;
  close(): Promise<void>;
}

/**
 * Starts a router as a child and holds its lease. When the child dies or hangs, the lease is given back in that moment, so the standby
 * leads without waiting for a session's end; only the loss of the whole host waits for that.
 */
export function superviseRouter(options: SupervisorOptions): Supervisor {
  const { coordinator, hangMs = 1_000, log = () => {} } = options;
  const { set, name } = options.router;
  let child: Child | undefined;
  let election: Election | undefined;
  let leads = false;
  let isClosed = false;
  let heardAt = performance.now();
  let ready: (addresses: string[]) => void = () => {};
  let whenReady = new Promise<string[]>((resolve) => (ready = resolve));

  const tell = (message: ToRouter): void => {
    if (child?.process.connected) child.process.send(message, () => {});
  };
  const until = (): number => machineNow() + (coordinator.validUntil - performance.now());

  async function giveBack(): Promise<void> {
    leads = false;
    const held = election;
    election = undefined;
    await held?.resign().catch((error: unknown) => log(`the lease could not be given back: ${String(error)}`));
  }

  async function run(attempt: number): Promise<void> {
    if (isClosed) return;
    const config: RouterProcessConfig = { ...options.router, isSupervised: true };
    const started = await startChild(process.execPath, [SCRIPT, JSON.stringify(config)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child = started;
    heardAt = performance.now();
    const since = performance.now();
    let isUp = false;
    started.process.on('message', (message: ToSupervisor) => {
      heardAt = performance.now();
      if (message.kind === 'ready') {
        isUp = true;
        ready(message.addresses);
        options.onReady?.(message.addresses, started.pid);
        void takePart();
      } else if (message.kind === 'resign') void giveBack().then(takePart);
    });
    void started.ended.then(async ({ code, signal }) => {
      if (child === started) child = undefined;
      // First the lease: every millisecond until then nobody leads.
      const back = giveBack();
      if (!isClosed) log(`router ${set}/${name} ended (${signal ?? code})`);
      await back;
      if (isClosed) return;
      whenReady = new Promise<string[]>((resolve) => (ready = resolve));
      const next = performance.now() - since > 10_000 || isUp ? 0 : attempt + 1;
      setTimeout(() => void run(next), backoff(next, { baseMs: 200, maxMs: 10_000 }));
    });
  }

  async function takePart(): Promise<void> {
    if (isClosed || election || !child) return;
    const mine = child;
    const current = await coordinator.elect(`sets/${set}/main`, name, {
      elected(term) {
        if (child !== mine) return;
        leads = true;
        tell({ kind: 'elected', term, until: until() });
      },
      deposed() {
        leads = false;
        if (child === mine) tell({ kind: 'deposed' });
      },
    });
    if (child !== mine || isClosed) await current.resign();
    else election = current;
  }

  let tickedAt = performance.now();
  const tick = setInterval(() => {
    const now = performance.now();
    // Whoever was stopped himself must not call his child silent.
    if (now - tickedAt > hangMs / 2) heardAt = now;
    tickedAt = now;
    if (leads) tell({ kind: 'lease', until: until() });
    if (child && now - heardAt > hangMs) {
      log(`router ${set}/${name} hangs: its lease is given back and it is killed`);
      heardAt = now;
      const { pid } = child;
      void giveBack().then(() => {
        try {
          process.kill(-pid, 'SIGKILL');
        } catch {
          // It is gone already.
        }
      });
    }
  }, 50);
  void run(0);

  return {
    get routerPid() {
      return child?.pid;
    },
    get leads() {
      return leads;
    },
    ready: () => whenReady,
    async close() {
      if (isClosed) return;
      isClosed = true;
      clearInterval(tick);
      const stopping = child;
      tell({ kind: 'stop' });
      await giveBack();
      await stopping?.stop(2_000);
    },
  };
}
