import { startZooKeeper, type ZooKeeperEnsemble } from '@sparrow/testkit';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { checkMessageHistory } from '../src/checker/message-history.ts';
import { machineNow } from '../src/supervisor/lease-channel.ts';
import { createRig, pause, type Rig, type RigOptions } from './rig/rig.ts';

let ensemble: ZooKeeperEnsemble;
beforeAll(async () => {
  ensemble = await startZooKeeper();
});
afterAll(() => ensemble?.stop());

/** A set with main and standby and two nodes whose objects talk with each other. */
async function oneSet(options: RigOptions = {}): Promise<Rig & { names: string[] }> {
  const rig = await createRig({ zookeeper: ensemble, ...options });
  onTestFinished(() => rig.stop());
  await Promise.all([rig.addRouter('a', 'r1'), rig.addRouter('a', 'r2')]);
  const main = await rig.main('a');
  await expect.poll(async () => (await main.topology()).hasStandby).toBe(true);
  const nodes = await Promise.all([rig.addNode('a', 'n1'), rig.addNode('a', 'n2')]);
  const names: string[] = [];
  for (const node of nodes) {
    const keys = [1, 2, 3].map((index) => `${node.name}-${index}`);
    await node.call({ op: 'host', keys });
    names.push(...keys);
  }
  return Object.assign(rig, { names });
}

async function talk(rig: Rig & { names: string[] }): Promise<void> {
  for (const node of rig.nodes) await node.call({ op: 'send', targets: rig.names, everyMs: 5, burst: 3 });
}
async function quiet(rig: Rig): Promise<void> {
  for (const node of rig.nodes) await node.call({ op: 'quiet' });
}

describe('a set with main and standby', () => {
  it('goes on when its main is killed', async () => {
    const rig = await oneSet();
    const main = await rig.main('a');
    const { term } = await main.topology();
    await talk(rig);
    await pause(400);
    const at = machineNow();
    process.kill(main.routerPid, 'SIGKILL');
    const died = machineNow();
    await rig.main('a', term);
    const recovered = machineNow();
    await pause(800);
    await quiet(rig);
    const history = await rig.settled([died]);
    const verdict = checkMessageHistory(history, [died]);
    expect(verdict.violations).toEqual([]);
    // How many, and how long it was silent, is the bench's to say.
    const received = history.filter((event) => event.kind === 'received');
    expect(received.some((event) => event.at < at)).toBe(true);
    expect(received.some((event) => event.at > recovered)).toBe(true);
    // The one that was killed is started again and becomes the standby.
    const next = await rig.main('a', term);
    await expect.poll(async () => (await next.topology()).hasStandby).toBe(true);
  });

  /** Puts a main and its supervisor to sleep until another leads, and wakes it while its links are still there. */
  async function sleeper(fencing: boolean) {
    const rig = await oneSet({ fencing, config: { limits: { heartbeatMs: 3_000 } } });
    const main = await rig.main('a');
    const { term } = await main.topology();
    await talk(rig);
    await pause(300);
    const at = machineNow();
    process.kill(main.supervisor.pid, 'SIGSTOP');
    process.kill(main.routerPid, 'SIGSTOP');
    await rig.main('a', term);
    await pause(200);
    process.kill(main.routerPid, 'SIGCONT');
    const woken = machineNow();
    await pause(300);
    process.kill(main.supervisor.pid, 'SIGCONT');
    await pause(500);
    await quiet(rig);
    const history = await rig.settled();
    const verdict = checkMessageHistory(history);
    const received = history.filter((event) => event.kind === 'received').map((event) => event.at);
    return { rig, main, verdict, received, at, woken };
  }

  it('lets a main that was asleep speak no more', async () => {
    const { rig, main, verdict, received, at, woken } = await sleeper(true);
    expect(verdict.violations).toEqual([]);
    // There was traffic before it slept and there is after it woke.
    expect(received.some((time) => time < at)).toBe(true);
    expect(received.some((time) => time > woken)).toBe(true);
    await expect.poll(async () => (await main.topology()).role).toBe('standby');
    let stale = 0;
    for (const node of rig.nodes)
      stale += (await node.call<{ counters: { stale: number } }>({ op: 'status' })).counters.stale;
    // It did try.
    expect(stale).toBeGreaterThan(0);
  });

  it('needs its fencing: without it the checker finds what a sleeper does', async () => {
    const { verdict } = await sleeper(false);
    expect(verdict.violations.some((text) => /out of order|took a frame of term/.test(text))).toBe(true);
  });

  it('routes on without ZooKeeper and takes no registrations after its lease', async () => {
    const own = await startZooKeeper();
    onTestFinished(() => own.stop());
    const rig = await oneSet({ zookeeper: own });
    for (const server of own.servers) server.signal('SIGSTOP');
    await pause(1_500);
    const [first, second] = rig.nodes;
    // Data frames go on …
    expect(await first?.call({ op: 'ask', key: 'n2-1', within: 2_000 })).toMatchObject({ from: 'n2' });
    // … registrations do not.
    await expect(second?.call({ op: 'host', keys: ['late'] })).rejects.toMatchObject({ code: 'UNREACHABLE' });
    for (const server of own.servers) server.signal('SIGCONT');
    await expect
      .poll(() =>
        second?.call({ op: 'host', keys: ['late'] }).then(
          () => 'registered',
          () => 'refused',
        ),
      )
      .toBe('registered');
  });
});
