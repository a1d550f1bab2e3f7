import type { Topology } from '../router/admin.ts';

/** What went on in a router between two looks, a second. */
export interface Rates {
  set: string;
  router: string;
  role: 'main' | 'standby';
  forwarded: number;
  refused: number;
  registered: number;
  broadcasts: number;
  routes: number;
  /** Share of one processor, 0 to 1. */
  cpu: number;
  rss: number;
  links: { to: string; in: number; out: number; waiting: number; roundTripMs: number | null }[];
}

/** The difference of two topologies that were taken `ms` apart; routers that were not there before are left out. */
export function ratesOf(before: Topology[], after: Topology[], ms: number): Rates[] {
  return after.flatMap((now) => {
    const then = before.find((one) => one.set === now.set && one.router === now.router);
    if (!then) return [];
    const rate = (a: number, b: number): number => Math.max(0, Math.round(((b - a) / ms) * 1000));
    return [
      {
        set: now.set,
        router: now.router,
        role: now.role,
        forwarded: rate(then.counters.forwarded, now.counters.forwarded),
        refused: rate(then.counters.refused, now.counters.refused),
        registered: rate(then.counters.registered, now.counters.registered),
        broadcasts: rate(then.counters.broadcasts, now.counters.broadcasts),
        routes: now.routes,
        cpu: Math.max(0, (now.cpuUs - then.cpuUs) / 1000 / ms),
        rss: now.rss,
        links: now.links
          .filter((link) => link.role !== 'admin')
          .map((link) => {
            const former = then.links.find(({ to }) => to === link.to);
            return {
              to: link.to,
              in: rate(former?.framesIn ?? link.framesIn, link.framesIn),
              out: rate(former?.framesOut ?? link.framesOut, link.framesOut),
              waiting: link.waiting,
              roundTripMs: link.roundTripMs,
            };
          }),
      },
    ];
  });
}
