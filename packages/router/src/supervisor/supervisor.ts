import { join } from 'node:path';
import { backoff } from '@sparrow/core';
import { type Child, startChild } from '@sparrow/core/process';
import type { Coordinator, Election } from '../coordinators/coordinator.ts';
import type { RouterProcessConfig } from '../process/config.ts';
import { machineNow, type ToRouter, type ToSupervisor } from './lease-channel.ts';
import { createWatchdog, type Watchdog } from './watchdog.ts';

const SCRIPT = join(import.meta.dirname, '../process/router-process.ts');
const TICK_MS = 50;
/** A router that was up for so long before it ended is started again at once. */
const HEALTHY_MS = 10_000;

export interface SupervisorOptions {
  /** Holds the session whose lease the router leads by. */
  coordinator: Coordinator;
  /** What its child is to be. */
  router: Omit<RouterProcessConfig, 'isSupervised'>;
  /**
   * A router that says nothing for so long after its first word is taken for hung (default 1,000 ms). Time in which it
   * wanted to run and the machine had no processor for it does not count.
   */
  hangMs?: number;
  /** A router without a first word by then is started again (default 60,000 ms). */
  bootMs?: number;
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
 * Starts a router as a child and holds its lease. When the child dies or hangs, the lease is given back in that
 * moment, so the standby leads without waiting for a session's end; only the loss of the whole host waits for that.
 * Whoever hangs is dead before its lease is given back: it must not go on deciding beside the next one.
 */
export function superviseRouter(options: SupervisorOptions): Supervisor {
  return new RouterSupervisor(options);
}

class RouterSupervisor implements Supervisor {
  readonly #options: SupervisorOptions;
  readonly #name: string;
  readonly #log: (line: string) => void;
  #child: Child | undefined;
  #watchdog: Watchdog | undefined;
  #election: Election | undefined;
  #electing: Promise<void> | undefined;
  #starting: Promise<void> = Promise.resolve();
  #restart: ReturnType<typeof setTimeout> | undefined;
  readonly #tick: ReturnType<typeof setInterval>;
  #leads = false;
  #isClosed = false;
  #ready = Promise.withResolvers<string[]>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#log = options.log ?? (() => {});
    this.#name = `${options.router.set}/${options.router.name}`;
    // Nobody has to wait for it.
    this.#ready.promise.catch(() => {});
    this.#start(0);
    this.#tick = setInterval(() => this.#look(), TICK_MS);
  }

  get routerPid(): number | undefined {
    return this.#child?.pid;
  }
  get leads(): boolean {
    return this.#leads;
  }
  ready(): Promise<string[]> {
    return this.#ready.promise;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#tick);
    clearTimeout(this.#restart);
    this.#ready.reject(new Error('the supervisor was closed'));
    // A router that is being started is stopped, too.
    await this.#starting;
    this.#tell({ kind: 'stop' });
    await this.#giveBack();
    await this.#child?.stop(2_000);
  }

  #start(attempt: number): void {
    this.#starting = this.#run(attempt).catch((error: unknown) => {
      this.#log(`router ${this.#name} cannot be started: ${error instanceof Error ? error.message : String(error)}`);
      this.#startLater(attempt + 1);
    });
  }

  #startLater(attempt: number): void {
    if (this.#isClosed) return;
    this.#restart = setTimeout(() => this.#start(attempt), backoff(attempt, { baseMs: 200, maxMs: 10_000 }));
  }

  async #run(attempt: number): Promise<void> {
    const { hangMs, bootMs, onReady } = this.#options;
    const config: RouterProcessConfig = { ...this.#options.router, isSupervised: true };
    const child = await startChild(process.execPath, [SCRIPT, JSON.stringify(config)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    if (this.#isClosed) {
      await child.stop(0);
      return;
    }
    this.#child = child;
    const watchdog = createWatchdog({
      pid: child.pid,
      ...(hangMs !== undefined && { hangMs }),
      ...(bootMs !== undefined && { bootMs }),
    });
    this.#watchdog = watchdog;
    const since = performance.now();
    let isUp = false;
    child.process.on('message', (message: ToSupervisor) => {
      watchdog.heard();
      if (message.kind === 'ready') {
        isUp = true;
        this.#ready.resolve(message.addresses);
        onReady?.(message.addresses, child.pid);
        this.#takePart();
      } else if (message.kind === 'resign') void this.#giveBack().then(() => this.#takePart());
    });
    void child.ended.then(async ({ code, signal }) => {
      if (this.#child === child) {
        this.#child = undefined;
        this.#watchdog = undefined;
      }
      // First the lease: every millisecond until then nobody leads.
      const back = this.#giveBack();
      if (this.#isClosed) return;
      this.#log(`router ${this.#name} ended (${signal ?? code})`);
      if (isUp) this.#ready = Promise.withResolvers<string[]>();
      this.#ready.promise.catch(() => {});
      await back;
      this.#startLater(isUp || performance.now() - since > HEALTHY_MS ? 0 : attempt + 1);
    });
  }

  #tell(message: ToRouter): void {
    const { process: router } = this.#child ?? {};
    if (router?.connected) router.send(message, () => {});
  }

  #until(): number {
    return machineNow() + (this.#options.coordinator.validUntil - performance.now());
  }

  async #giveBack(): Promise<void> {
    this.#leads = false;
    // A candidature that is under way is waited for: it would stand there without anybody.
    await this.#electing;
    const held = this.#election;
    this.#election = undefined;
    await held?.resign().catch((error: unknown) => this.#log(`the lease could not be given back: ${String(error)}`));
  }

  #takePart(): void {
    if (this.#isClosed || this.#election || this.#electing || !this.#child) return;
    this.#electing = this.#elect(this.#child)
      .catch((error: unknown) => this.#log(`no part in the election: ${String(error)}`))
      .finally(() => {
        this.#electing = undefined;
      });
  }

  async #elect(mine: Child): Promise<void> {
    const { coordinator, router } = this.#options;
    const election = await coordinator.elect(`sets/${router.set}/main`, router.name, {
      elected: (term) => {
        if (this.#child !== mine) return;
        this.#leads = true;
        this.#tell({ kind: 'elected', term, until: this.#until() });
      },
      deposed: () => {
        this.#leads = false;
        if (this.#child === mine) this.#tell({ kind: 'deposed' });
      },
    });
    if (this.#child !== mine || this.#isClosed) await election.resign();
    else this.#election = election;
  }

  #look(): void {
    if (this.#leads) this.#tell({ kind: 'lease', until: this.#until() });
    const child = this.#child;
    const reason = this.#watchdog?.look();
    if (!child || !reason) return;
    this.#watchdog = undefined;
    this.#log(`router ${this.#name} ${reason}: it is killed`);
    // Its lease is not made longer from here on, and given back when it has ended.
    this.#leads = false;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
    // A process may be long in dying, e.g. while a disk does not answer. When its lease has run out it decides nothing.
    const leaseMs = this.#options.coordinator.validUntil - performance.now();
    const late = setTimeout(() => void this.#giveBack(), Math.max(0, Math.min(leaseMs, 60_000)) + TICK_MS);
    void child.ended.then(() => clearTimeout(late));
  }
}
