import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Child, startChild } from '@sparrow/core/process';
import { startZooKeeper, type ZooKeeperEnsemble } from '@sparrow/testkit';
import { checkMessageHistory, type HistoryEvent } from '../../src/checker/message-history.ts';
import { KIND } from '../../src/frames/layout.ts';
import { openLink } from '../../src/links/open-link.ts';
import { Requests } from '../../src/links/requests.ts';
import type { RouterProcessConfig } from '../../src/process/config.ts';
import type { Topology } from '../../src/router/admin.ts';
import { createTcpTransport } from '../../src/transports/tcp.ts';
import type { NodeCommand } from './node-process.ts';

/** A router with its supervisor, as two real processes. */
export interface RigRouter {
  set: string;
  name: string;
  supervisor: Child;
  address: string;
  routerPid: number;
  topology(): Promise<Topology>;
  request<T>(op: string, more?: object, timeoutMs?: number): Promise<T>;
}

export interface RigNode {
  set: string;
  name: string;
  child: Child;
  call<T = unknown>(command: NodeCommand, timeoutMs?: number): Promise<T>;
}

export interface RigOptions {
  zookeeper?: ZooKeeperEnsemble;
  sessionTimeoutMs?: number;
  fencing?: boolean;
  config?: Partial<RouterProcessConfig>;
  /** Put before the commands of a router or node, e.g. `ip netns exec x`. */
  prefix?: (who: string) => string[];
}

export interface Rig {
  readonly ensemble: ZooKeeperEnsemble;
  addRouter(set: string, name: string, more?: Partial<RouterProcessConfig>): Promise<RigRouter>;
  addNode(set: string, name: string, more?: object): Promise<RigNode>;
  routers: RigRouter[];
  nodes: RigNode[];
  /** The main of a set, as its routers say. */
  main(set: string, notTerm?: number): Promise<RigRouter>;
  histories(nodes?: RigNode[]): Promise<HistoryEvent[]>;
  /**
   * The same when nothing is on its way any more that must come or be told of, or nothing has come of it for `SETTLED_MS`.
   *
   * @param deaths as the checker takes them
   * @param known leaves out what nobody can know of; default: nothing
   */
  settled(deaths?: number[], nodes?: RigNode[], known?: (event: HistoryEvent) => boolean): Promise<HistoryEvent[]>;
  stop(): Promise<void>;
}

const PROCESSES = join(import.meta.dirname, '../../src/process');
/** A message that nobody has heard of for so long is gone: longer than any wait within the mesh. */
const SETTLED_MS = 20_000;
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Real processes over a real ensemble. */
export async function createRig(options: RigOptions = {}): Promise<Rig> {
  const ensemble = options.zookeeper ?? (await startZooKeeper());
  const root = `/rig-${randomBytes(4).toString('hex')}`;
  const base = {
    zookeeper: ensemble.addresses,
    root,
    sessionTimeoutMs: options.sessionTimeoutMs ?? 1_000,
    key: 'a secret of the rig',
    fencing: options.fencing ?? true,
    ...options.config,
  };
  const routers: RigRouter[] = [];
  const nodes: RigNode[] = [];
  const requests = new Requests();
  const run = (who: string, script: string, config: object, stdio: ('ignore' | 'pipe' | 'inherit' | 'ipc')[]) => {
    const command = [...(options.prefix?.(who) ?? []), process.execPath, script, JSON.stringify(config)];
    return startChild(command[0] as string, command.slice(1), { stdio });
  };
  const err = process.env.RIG_LOG ? 'inherit' : 'ignore';

  async function askRouter<T>(address: string, question: { op: string }, timeoutMs = 3_000): Promise<T> {
    const transport = createTcpTransport();
    try {
      const self = { role: 'admin', set: 'rig', name: 'rig', incarnation: 'rig' } as const;
      const link = await openLink(await transport.dial(address, 1_000), 'dial', { self, key: base.key });
      link.handle({
        frame: (frame) => frame.kind === KIND.response && requests.onResponse(frame),
        down: (down) => requests.onDown(down),
      });
      return await requests.ask<T>(link, question, timeoutMs);
    } finally {
      await transport.close();
    }
  }

  const rig: Rig = {
    ensemble,
    routers,
    nodes,
    async addRouter(set, name, more = {}) {
      const config = { ...base, listen: '127.0.0.1:0', ...more, set, name };
      const supervisor = await run(`${set}-${name}`, join(PROCESSES, 'supervisor-process.ts'), config, [
        'ignore',
        'pipe',
        err,
      ]);
      const router: RigRouter = {
        set,
        name,
        supervisor,
        address: '',
        routerPid: 0,
        topology: () => askRouter<Topology>(router.address, { op: 'topology' }),
        request: (op, extra = {}, timeoutMs) => askRouter(router.address, { op, ...extra }, timeoutMs),
      };
      const first = Promise.withResolvers<void>();
      // The router writes its addresses whenever it is started anew; the supervisor adds its pid.
      createInterface({ input: supervisor.process.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        if (!line.startsWith('{')) return;
        const { addresses, routerPid } = JSON.parse(line) as { addresses: string[]; routerPid?: number };
        router.address = addresses[0] ?? '';
        if (routerPid !== undefined) {
          router.routerPid = routerPid;
          first.resolve();
        }
      });
      void supervisor.ended.then(() => first.reject(new Error(`the supervisor of ${set}/${name} ended`)));
      await first.promise;
      routers.push(router);
      return router;
    },
    async addNode(set, name, more = {}) {
      const child = await run(name, join(import.meta.dirname, 'node-process.ts'), { ...base, ...more, set, name }, [
        'ignore',
        'inherit',
        'inherit',
        'ipc',
      ]);
      const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
      const ready = Promise.withResolvers<void>();
      child.process.on(
        'message',
        (message: { ready?: true; id: number; value?: unknown; error?: string; code?: string }) => {
          if (message.ready) return ready.resolve();
          const open = waiting.get(message.id);
          waiting.delete(message.id);
          if (message.error === undefined) open?.resolve(message.value);
          else open?.reject(Object.assign(new Error(message.error), { code: message.code }));
        },
      );
      void child.ended.then(() => {
        ready.reject(new Error(`node ${name} ended`));
        for (const { reject } of waiting.values()) reject(new Error(`node ${name} ended`));
      });
      await ready.promise;
      let last = 0;
      const node: RigNode = {
        set,
        name,
        child,
        call(command, timeoutMs = 30_000) {
          const id = ++last;
          return new Promise((resolve, reject) => {
            const timer = setTimeout(() => reject(new Error(`${name}: ${command.op} took too long`)), timeoutMs);
            const done =
              <V>(call: (value: V) => void) =>
              (value: V) => {
                clearTimeout(timer);
                call(value);
              };
            waiting.set(id, { resolve: done(resolve as (value: unknown) => void), reject: done(reject) });
            child.process.send({ id, command });
          });
        },
      };
      nodes.push(node);
      return node;
    },
    async main(set, notTerm = 0) {
      for (let attempt = 0; attempt < 600; attempt++) {
        const asked = routers
          .filter((one) => one.set === set)
          .map(async (router) => {
            // One that is asleep must not keep us from the other.
            const topology = await router.topology();
            if (topology.role === 'main' && topology.isReady && topology.term > notTerm) return router;
            throw new Error('not the main');
          });
        const late = pause(150).then(() => undefined);
        const found = await Promise.race([Promise.any(asked).catch(() => late), late]);
        if (found) return found;
        await pause(20);
      }
      throw new Error(`set ${set} has no main`);
    },
    async histories(which = nodes) {
      const all: HistoryEvent[] = [];
      for (const node of which) for (const event of await node.call<HistoryEvent[]>({ op: 'history' })) all.push(event);
      return all;
    },
    async settled(deaths = [], which = nodes, known = () => true) {
      let seen = -1;
      for (let end = performance.now() + SETTLED_MS; ; await pause(100)) {
        const events = (await rig.histories(which)).filter(known);
        const open = checkMessageHistory(events, deaths).violations.some((text) => text.startsWith('lost'));
        if (!open || performance.now() > end) return events;
        if (events.length !== seen) end = performance.now() + SETTLED_MS;
        seen = events.length;
      }
    },
    async stop() {
      for (const { supervisor, routerPid } of routers)
        for (const pid of [supervisor.pid, routerPid])
          try {
            process.kill(pid, 'SIGCONT');
          } catch {
            // It is gone.
          }
      await Promise.all([
        ...nodes.map(({ child }) => child.stop(300)),
        ...routers.map(({ supervisor }) => supervisor.stop(2_500)),
      ]);
      if (!options.zookeeper) await ensemble.stop();
    },
  };
  return rig;
}
