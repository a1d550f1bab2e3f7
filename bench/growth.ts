/** Rows of the `sets` bench about 20 million routes in a router that routes meanwhile, pulled by the router of another set. */
import type { ZooKeeperEnsemble } from '@sparrow/testkit';
import { type Host, startHost, startRouter } from './hosts.ts';
import { type Row, row } from './row.ts';

const ROUTES = 20_000_000;
const LOOKUPS = 1_000_000;
const PAUSE =
  'by the wall clock, with five busy processes: on two cores, or beside other work, a pause is mostly a wait for a core';

interface Growth {
  ms: number;
  sent: number;
  right: number;
}
interface Trips {
  p50: number;
  p99: number;
  max: number;
}

export async function growthRows(ensemble: ZooKeeperEnsemble): Promise<Row[]> {
  const stops: (() => Promise<unknown>)[] = [];
  try {
    const base = { zookeeper: ensemble.addresses, root: '/growth', listen: '127.0.0.1:0', name: 'r1' };
    const limits = { heartbeatMs: 10_000 };
    const a = await startRouter({ ...base, set: 'a', limits });
    stops.push(() => a.child.stop(500));
    const host = async (script: string, args: string[]): Promise<Host> => {
      const started = await startHost(script, args);
      stops.push(() => started.stop());
      return started;
    };
    const tx = await host('router-host.ts', ['tx', 'a', a.address]);
    const echo = await host('router-host.ts', ['echo', 'a', a.address]);
    await echo.call({ op: 'host', type: 'Bench', from: 0, count: 100, kind: 'echo' });
    const filler = await host('growth-host.ts', [a.address]);
    // Somebody talks all the time: a pause of the router is a long round trip.
    let isOver = false;
    const trips: Trips[] = [];
    const talking = (async () => {
      while (!isOver) trips.push(await tx.call<Trips>({ op: 'rtt', targets: 100, ms: 500, inFlight: 4 }));
    })();
    const growth = await filler.call<Growth>({ op: 'grow', routes: ROUTES, lookups: LOOKUPS }, 300_000);
    const grown = trips.splice(0);
    const { longestTurnMs: growing } = await filler.call<{ longestTurnMs: number }>({ op: 'topology' });
    const b = await startRouter({ ...base, set: 'b', limits });
    stops.push(() => b.child.stop(500));
    const pulled = await filler.call<{ ms: number }>({ op: 'pulled', by: b.address }, 120_000);
    const { longestTurnMs: sending } = await filler.call<{ longestTurnMs: number }>({ op: 'topology' });
    isOver = true;
    await talking;
    const aim = { op: '<=', value: 20, of: 'ours' } as const;
    const most = (all: Trips[]): number => Math.max(...all.map(({ max }) => max));
    return [
      row('20 M routes registered at a router process that routes meanwhile', 's', [growth.ms / 1000]),
      row('1 M random look-ups by messages meanwhile: wrong or missing', '', [growth.sent - growth.right], [], {
        op: '<=',
        value: 0,
        of: 'ours',
      }),
      row('longest pause of the router while it grows to 20 M', 'ms', [growing], [], aim, PAUSE),
      row('longest round trip of others meanwhile', 'ms', [most(grown)]),
      row('20 M routes pulled by the router of another set, until the tables are equal', 's', [pulled.ms / 1000]),
      row('longest pause of the router that sends them', 'ms', [sending], [], aim, PAUSE),
      row('longest round trip of others meanwhile, pulled', 'ms', [most(trips)]),
    ];
  } finally {
    for (const stop of stops.reverse()) await stop().catch(() => {});
  }
}
