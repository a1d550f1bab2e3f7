import { systemClock } from '@sparrow/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLocalCoordination } from '../src/coordinators/local.ts';
import { createNode, createRouter, type RouterOptions } from '../src/index.ts';
import { Authority, CLAIM } from '../src/router/authority.ts';
import { Replication } from '../src/router/replication.ts';
import { createState, DEFAULT_TIMES } from '../src/router/state.ts';
import { compareEpochs } from '../src/table/route-table.ts';
import { createLocalTransport } from '../src/transports/local.ts';

/** The deciding part of a main whose numbers are nearly used up. */
async function lateInTheTerm(counter: number) {
  const coordinator = createLocalCoordination().createCoordinator();
  const term = await coordinator.nextTerm();
  const state = createState({
    set: 's',
    name: 'r',
    clock: systemClock,
    coordinator,
    times: DEFAULT_TIMES,
    log: () => {},
    hasFencing: true,
    takesFaults: false,
  });
  const all = Array.from({ length: 4096 }, (_, slot) => slot);
  state.slots.parse(state.slots.withOwner(all, 's'), 0);
  Object.assign(state, { role: 'main', isReady: true, term, counter });
  const authority = new Authority(state, new Replication(state, () => {}));
  const places = ['n1', 'n2'].map((name) => {
    const { place } = state.places.findOrAdd('s', name, name, ['Player']);
    place.isAlive = true;
    return place.index;
  });
  const register = (id: number, nth: number): Promise<{ code: number; term: number; counter: number }> =>
    new Promise((resolve) =>
      authority.decideAll(
        { entries: Uint32Array.of(id, 2, 3, 0, 0, 0), from: places[nth % 2] as number, action: CLAIM.kick },
        (out) => resolve({ code: out[0] as number, term: out[1] as number, counter: out[2] as number }),
      ),
    );
  return { state, term, authority, places, register };
}

describe('the numbers of a term', () => {
  it('end in a new term: every later registration has a later epoch, none is refused', async () => {
    const { register, term } = await lateInTheTerm(0xffff_fffd);
    const epochs = [];
    for (let nth = 0; nth < 9; nth++) epochs.push(await register(1, nth));
    expect(epochs.map(({ code }) => code)).toEqual(epochs.map(() => 0));
    for (let nth = 1; nth < epochs.length; nth++) {
      const [before, now] = [epochs[nth - 1], epochs[nth]] as [(typeof epochs)[0], (typeof epochs)[0]];
      expect(compareEpochs(now.term, now.counter, before.term, before.counter)).toBeGreaterThan(0);
    }
    expect(epochs.at(-1)?.term).toBeGreaterThan(term);
  });

  it('end well before the last one is given out, when the coordinator answers', async () => {
    const { state, register, term } = await lateInTheTerm(0xffff_ffff - (1 << 24));
    await register(1, 0);
    await expect.poll(() => state.term).toBeGreaterThan(term);
    expect((await register(1, 1)).counter).toBeLessThan(100);
  });

  it('are given once for a move, however often its owner asks when the answer was lost', async () => {
    const { authority, places, register } = await lateInTheTerm(10);
    const { term, counter } = await register(1, 0);
    const [from = 0, to = 0] = places;
    const move = (): Promise<number[]> =>
      new Promise((resolve) =>
        authority.decideAll(
          { entries: Uint32Array.of(1, 2, 3, term, counter, 0), from, to, action: CLAIM.move },
          (out) => resolve([...out]),
        ),
      );
    const first = await move();
    expect(first).toEqual([0, term, counter + 1]);
    expect(await move()).toEqual(first);
  });

  it('do not end in the middle of a sweep: every route of a lost node goes', async () => {
    const { state, authority, places, register, term } = await lateInTheTerm(10);
    for (let id = 1; id <= 40; id++) await register(id, 0);
    state.counter = 0xffff_fff0;
    const place = state.places.byIndex[places[0] as number];
    await new Promise<void>((resolve) => authority.sweep(place ? [place] : [], resolve));
    expect(state.table.size).toBe(0);
    expect(state.term).toBeGreaterThan(term);
  });
});

describe('a lead that was overtaken', () => {
  it('is not taken up under the term of somebody else', async () => {
    const transport = createLocalTransport();
    const coordination = createLocalCoordination();
    type Events = { elected(term: number): void; deposed(): void };
    const make = async (name: string) => {
      let events: Events | undefined;
      const options: RouterOptions = {
        set: 's',
        name,
        coordinator: coordination.createCoordinator(),
        listen: [{ transport, address: `s/${name}` }],
        leadership: {
          async start(given) {
            events = given;
          },
          leaseUntil: () => Number.POSITIVE_INFINITY,
          async resign() {},
          async close() {},
        },
      };
      const router = await createRouter(options);
      return { router, elect: (term: number) => events?.elected(term) };
    };
    const [r1, r2] = [await make('r1'), await make('r2')];
    const node = createNode({
      set: 's',
      name: 'n',
      types: { Player: undefined },
      transport,
      routers: [r1.router.address, r2.router.address],
    });
    onTestFinished(async () => {
      node.destroy();
      await r1.router.close();
      await r2.router.close();
    });
    r2.elect(6);
    await expect.poll(() => [r2.router.role, r1.router.term]).toEqual(['main', 6]);
    await node.ready();
    // The word that it leads in term 5 was long on its way.
    r1.elect(5);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([r1.router.role, r2.router.role]).toEqual(['standby', 'main']);
    expect(node.term).toBe(6);
    r1.elect(7);
    await expect.poll(() => [r1.router.role, r2.router.role, node.term]).toEqual(['main', 'standby', 7]);
  });
});

describe('the answer to a registration', () => {
  it('says whether a standby has it, too', async () => {
    const transport = createLocalTransport();
    const coordination = createLocalCoordination();
    const router = (name: string) =>
      createRouter({
        set: 's',
        name,
        coordinator: coordination.createCoordinator(),
        listen: [{ transport, address: `s/${name}` }],
      });
    const main = await router('r1');
    const node = createNode({ set: 's', name: 'n', types: { Player: undefined }, transport, routers: [main.address] });
    onTestFinished(async () => {
      node.destroy();
      await main.close();
    });
    await node.ready();
    const alone = await node.register('Player', 'alone', {});
    expect(alone.isCovered).toBe(false);
    await node.registerAll('Player', ['1', '2'], () => ({}));
    expect(node.counters.uncovered).toBe(3);
    const standby = await router('r2');
    await expect.poll(() => main.topology().hasStandby).toBe(true);
    const covered = await node.register('Player', 'covered', {});
    expect(covered.isCovered).toBe(true);
    expect(standby.digest()).toEqual(main.digest());
    await node.registerAll('Player', ['3', '4'], () => ({}));
    expect(node.counters.uncovered).toBe(3);
    await standby.close();
    await expect.poll(() => main.topology().hasStandby).toBe(false);
    expect((await node.register('Player', 'alone again', {})).isCovered).toBe(false);
  });
});
