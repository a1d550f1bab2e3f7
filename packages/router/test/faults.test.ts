import { canMakeNetworks, createNetwork, type Network, startZooKeeper, type ZooKeeperEnsemble } from '@sparrow/testkit';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { checkMessageHistory, type HistoryEvent } from '../src/checker/message-history.ts';
import { machineNow } from '../src/supervisor/lease-channel.ts';
import { createRig, pause, type Rig, type RigNode, type RigRouter } from './rig/rig.ts';

/**
 * The matrix of faults. `npm test` samples three of them by a seed that it prints (SPARROW_SEED chooses it); `npm run
 * soak -- router` runs all, several times. Every host is a network namespace of its own; ZooKeeper stands outside of
 * them.
 */
const SOAK = Number(process.env.SPARROW_SOAK ?? 0);
const seed = Number(process.env.SPARROW_SEED ?? Math.floor(Math.random() * 1e6));

interface World {
  rig: Rig;
  network: Network;
  ensemble: ZooKeeperEnsemble;
  main: RigRouter;
  standby: RigRouter;
  nodes: [RigNode, RigNode, RigNode];
  hostOf(who: RigRouter | RigNode): Network['hosts'][0];
}

interface Fault {
  name: string;
  /** Does it, and returns what takes it back. */
  inject(world: World): Promise<() => Promise<void> | void>;
  /** How long it lasts, ms. */
  lasts: number;
  /** The main's process dies, and with it what it had taken before. Of no other fault anything may be lost. */
  killsMain?: boolean;
  /** A node whose history dies with it. */
  kills?: 'n3';
  /** Another main leads afterwards. */
  isFailover?: boolean;
}

const FAULTS: Fault[] = [
  {
    name: 'kill -9 of the main',
    lasts: 500,
    killsMain: true,
    isFailover: true,
    async inject({ main }) {
      process.kill(main.routerPid, 'SIGKILL');
      return () => {};
    },
  },
  {
    name: 'kill -9 of the standby',
    lasts: 500,
    async inject({ standby }) {
      process.kill(standby.routerPid, 'SIGKILL');
      return () => {};
    },
  },
  {
    name: 'kill -9 of a node',
    lasts: 500,
    kills: 'n3',
    async inject({ nodes }) {
      process.kill(-nodes[2].child.pid, 'SIGKILL');
      return () => {};
    },
  },
  {
    name: 'kill -9 of the leader of ZooKeeper',
    lasts: 1_500,
    async inject({ ensemble }) {
      const leader = await ensemble.leader();
      await leader.kill();
      return () => leader.start();
    },
  },
  {
    name: 'the whole ensemble is gone',
    lasts: 2_000,
    async inject({ ensemble }) {
      for (const server of ensemble.servers) await server.kill();
      return async () => {
        for (const server of ensemble.servers) await server.start();
        await ensemble.ready();
      };
    },
  },
  {
    name: 'the main sleeps and wakes',
    lasts: 2_500,
    isFailover: true,
    async inject({ main }) {
      process.kill(main.supervisor.pid, 'SIGSTOP');
      process.kill(main.routerPid, 'SIGSTOP');
      return async () => {
        process.kill(main.routerPid, 'SIGCONT');
        await pause(200);
        process.kill(main.supervisor.pid, 'SIGCONT');
      };
    },
  },
  {
    name: 'the main hangs while its supervisor lives',
    lasts: 1_500,
    killsMain: true,
    isFailover: true,
    async inject({ main }) {
      process.kill(main.routerPid, 'SIGSTOP');
      return () => {};
    },
  },
  {
    name: "the main's host is unplugged",
    lasts: 3_000,
    isFailover: true,
    async inject(world) {
      world.hostOf(world.main).unplug();
      return () => world.hostOf(world.main).plug();
    },
  },
  {
    name: 'the main is cut from ZooKeeper but not from its nodes',
    lasts: 2_500,
    isFailover: true,
    async inject(world) {
      const ports = world.ensemble.addresses.map((address) => Number(address.split(':')[1]));
      world.hostOf(world.main).cutFrom(world.network.address, ports);
      return () => world.hostOf(world.main).heal();
    },
  },
  {
    name: 'the main does not hear one node',
    lasts: 2_500,
    async inject(world) {
      world.hostOf(world.main).deafTo(world.hostOf(world.nodes[0]).address);
      return () => world.hostOf(world.main).heal();
    },
  },
  {
    name: 'a node does not hear the main',
    lasts: 2_500,
    async inject(world) {
      world.hostOf(world.nodes[0]).deafTo(world.hostOf(world.main).address);
      return () => world.hostOf(world.nodes[0]).heal();
    },
  },
  {
    name: 'main and standby do not hear each other',
    lasts: 2_500,
    async inject(world) {
      world.hostOf(world.main).deafTo(world.hostOf(world.standby).address);
      world.hostOf(world.standby).deafTo(world.hostOf(world.main).address);
      return () => {
        world.hostOf(world.main).heal();
        world.hostOf(world.standby).heal();
      };
    },
  },
  {
    name: 'a slow receiver',
    lasts: 1_500,
    async inject({ nodes }) {
      await nodes[1].call({ op: 'slow', ms: 3 });
      return async () => void (await nodes[1].call({ op: 'slow', ms: 0 }));
    },
  },
  {
    name: 'a flood',
    lasts: 800,
    async inject({ nodes }) {
      await nodes[2].call({ op: 'send', targets: ['n1-0', 'n2-0'], everyMs: 1, burst: 400 });
      return async () => void (await nodes[2].call({ op: 'quiet' }));
    },
  },
];

/** A shuffle by the seed. */
function sample(count: number): Fault[] {
  let state = seed >>> 0;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return FAULTS.map((fault) => ({ fault, order: random() }))
    .sort((a, b) => a.order - b.order)
    .slice(0, count)
    .map(({ fault }) => fault);
}

const hasNetworks = canMakeNetworks();
if (!hasNetworks)
  process.stderr.write('the matrix of faults is left out: it needs root, network namespaces and iptables\n');

describe.skipIf(!hasNetworks)(`faults, seed ${seed}`, () => {
  let network: Network;
  beforeAll(() => {
    process.stderr.write(`faults: SPARROW_SEED=${seed}\n`);
    network = createNetwork(5);
  });
  afterAll(() => network?.remove());

  async function build(): Promise<World> {
    const ensemble = await startZooKeeper({ hosts: [network.address, network.address, network.address] });
    const [h1, h2, ...others] = network.hosts as [Network['hosts'][0], Network['hosts'][0], ...Network['hosts']];
    const places: Record<string, Network['hosts'][0]> = { 'a-r1': h1, 'a-r2': h2 };
    others.forEach((host, index) => (places[`n${index + 1}`] = host));
    const rig = await createRig({ zookeeper: ensemble, prefix: (who) => places[who]?.prefix ?? [] });
    onTestFinished(async () => {
      for (const host of network.hosts) {
        host.heal();
        host.plug();
      }
      await rig.stop();
      await ensemble.stop();
    });
    await rig.addRouter('a', 'r1', { listen: `${h1.address}:0` });
    await rig.addRouter('a', 'r2', { listen: `${h2.address}:0` });
    const main = await rig.main('a');
    const standby = rig.routers.find((router) => router !== main) as RigRouter;
    await expect.poll(async () => (await main.topology()).hasStandby).toBe(true);
    const nodes = (await Promise.all(['n1', 'n2', 'n3'].map((name) => rig.addNode('a', name)))) as World['nodes'];
    return {
      rig,
      network,
      ensemble,
      main,
      standby,
      nodes,
      hostOf: (who) => places['child' in who ? who.name : `a-${who.name}`] as Network['hosts'][0],
    };
  }

  const chosen = SOAK > 0 ? Array.from({ length: SOAK }, () => FAULTS).flat() : sample(3);
  for (const [turn, fault] of chosen.entries())
    it(`${turn + 1}: ${fault.name}`, async () => {
      const world = await build();
      const { rig, nodes } = world;
      const names: string[] = [];
      for (const node of nodes) {
        const keys = [0, 1, 2].map((index) => `${node.name}-${index}`);
        await node.call({ op: 'host', keys });
        names.push(...keys);
      }
      const { term } = await world.main.topology();
      for (const node of nodes) await node.call({ op: 'send', targets: names, everyMs: 4, burst: 2, states: true });
      await pause(300);
      const from = machineNow();
      const takeBack = await fault.inject(world);
      const injected = machineNow();
      if (fault.isFailover) await rig.main('a', term);
      await pause(fault.lasts);
      await takeBack();
      // It is over when everybody is answered again.
      const alive = nodes.filter(({ name }) => name !== fault.kills);
      for (const node of alive)
        for (const other of alive)
          await expect
            .poll(() =>
              node.call<{ from: string }>({ op: 'ask', key: `${other.name}-0`, within: 1_000 }).then(
                (answer) => answer.from,
                () => '',
              ),
            )
            .toBe(other.name);
      const recoveredMs = machineNow() - from;
      await pause(500);
      for (const node of alive) await node.call({ op: 'quiet' });
      // What a killed node wrote down is gone: nothing can be said about its messages.
      const known = (event: HistoryEvent): boolean => {
        if (!fault.kills) return true;
        const involved = event.kind === 'owned' ? [event.object] : [event.source, event.target];
        return !involved.some((name) => name.startsWith(`${fault.kills}-`));
      };
      const deaths = fault.killsMain ? [injected] : [];
      const events = await rig.settled(deaths, alive, known);
      const verdict = checkMessageHistory(events, deaths);
      const { sent, received, refused, superseded, lost, longestGapMs } = verdict;
      process.stderr.write(
        `  ${fault.name}: ${sent} sent, ${received} received, ${refused} refused, ${superseded} superseded, ${lost} lost, longest silence ${Math.round(longestGapMs)} ms, whole again after ${Math.round(recoveredMs)} ms\n`,
      );
      expect(verdict.violations).toEqual([]);
      // There was traffic before the fault and there is after it; how much is the machine's.
      const times = events.filter(({ kind }) => kind === 'received').map(({ at }) => at);
      expect(times.some((at) => at < from)).toBe(true);
      expect(times.some((at) => at > from + recoveredMs)).toBe(true);
    });
});
