/**
 * Rows of the `sets` bench about two regions: each a network namespace, and between them nothing but a shaper in user
 * space.
 */
import { execFileSync } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { canMakeNetworks, createNetwork, startZooKeeper } from '@sparrow/testkit';
import { createRig, pause } from '../packages/router/test/rig/rig.ts';
import { median, type Row, row } from './row.ts';

const ONE_WAY_MS = 15;
const PORT = 7801;
const CHOICES = 10;
const ASKS = 40;

/** Holds every byte back for `ms`, in both directions. */
async function shaper(host: string, target: string, ms: number): Promise<{ address: string; close(): void }> {
  const server = createServer((near) => {
    const far = connect({ host: target, port: PORT, noDelay: true });
    near.setNoDelay(true);
    near.on('data', (chunk) => setTimeout(() => far.write(chunk), ms)).on('error', () => {});
    far.on('data', (chunk) => setTimeout(() => near.write(chunk), ms)).on('error', () => {});
    near.on('close', () => setTimeout(() => far.destroy(), ms));
    far.on('close', () => setTimeout(() => near.destroy(), ms));
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return { address: `${host}:${(server.address() as { port: number }).port}`, close: () => server.close() };
}

/** What a hop between the regions costs, and which set a client in each takes for the nearest. */
export async function regionRows(): Promise<Row[]> {
  if (!canMakeNetworks()) {
    process.stderr.write('the rows of two regions are missing: they need root, network namespaces and iptables\n');
    return [];
  }
  const stops: (() => unknown)[] = [];
  const network = createNetwork(2);
  stops.push(() => network.remove());
  try {
    const ensemble = await startZooKeeper({ servers: 1, hosts: [network.address] });
    stops.push(() => ensemble.stop());
    const names = ['east', 'west'] as const;
    const hosts = new Map(names.map((name, index) => [name, network.hosts[index] as (typeof network.hosts)[0]]));
    const hostOf = (who: string) => hosts.get(who.startsWith('east') ? 'east' : 'west') as (typeof network.hosts)[0];
    const rig = await createRig({ zookeeper: ensemble, prefix: (who) => hostOf(who).prefix });
    stops.push(() => rig.stop());
    // What one region sends to the router of the other is led to the shaper, which stands outside of both.
    for (const [from, to] of [
      ['east', 'west'],
      ['west', 'east'],
    ] as const) {
      const way = await shaper(network.address, hostOf(to).address, ONE_WAY_MS);
      stops.push(() => way.close());
      const [program = '', ...inside] = hostOf(from).prefix;
      const rule = ['-A', 'OUTPUT', '-d', hostOf(to).address, '-p', 'tcp', '--dport', String(PORT)];
      execFileSync(program, [...inside, 'iptables', '-t', 'nat', ...rule, '-j', 'DNAT', '--to', way.address]);
    }
    for (const name of names) {
      await rig.addRouter(name, 'r1', { listen: `${hostOf(name).address}:${PORT}` });
      await rig.main(name);
    }
    for (const name of names) {
      const node = await rig.addNode(name, `${name}-n`);
      await node.call({ op: 'host', keys: [name] });
    }
    await pause(1_500);
    const asks: Record<string, number[]> = { near: [], far: [] };
    for (let round = 0; round < ASKS; round++)
      for (const node of rig.nodes)
        for (const key of names) {
          const { ms } = await node.call<{ ms: number }>({ op: 'ask', key, within: 3_000 });
          asks[key === node.set ? 'near' : 'far']?.push(ms);
        }
    const routers = Object.fromEntries(names.map((name) => [name, [`${hostOf(name).address}:${PORT}`]]));
    let right = 0;
    for (const name of names) {
      const question = JSON.stringify({ routers, key: 'a secret of the rig', count: CHOICES });
      const [program = '', ...inside] = hostOf(name).prefix;
      const script = join(import.meta.dirname, 'nearest-host.ts');
      const said = execFileSync(program, [...inside, process.execPath, script, question], { encoding: 'utf8' });
      right += (JSON.parse(said) as string[]).filter((set) => set === name).length;
    }
    const all = names.length * CHOICES;
    const { near = [], far = [] } = asks;
    return [
      row('two regions, 30 ms there and back: ask within one', 'ms', near),
      row('two regions, 30 ms there and back: ask to the other', 'ms', far),
      row('the distance less what the network takes: cost of the hop', 'ms', [
        median(far) - 2 * ONE_WAY_MS - median(near),
      ]),
      row(`nearest set chosen rightly, of ${all}`, '', [right], [], { op: '>=', value: all, of: 'ours' }),
    ];
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}
