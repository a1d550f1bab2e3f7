import { createId } from '@sparrow/core';
import { refusal } from '../errors.ts';
import { KIND } from '../frames/layout.ts';
import { openLink } from '../links/open-link.ts';
import { Requests } from '../links/requests.ts';
import { phrase } from '../phrase.ts';
import type { Transport } from '../transports/transport.ts';

const PROBES = 3;

/**
 * The set with the shortest way to one of its routers: the least of three round trips each, all sets at once.
 *
 * @param options.routers addresses by set
 * @throws RouterError UNREACHABLE when none answers within `timeoutMs` (default 2,000)
 */
export async function nearestSet(options: {
  transport: Transport;
  routers: Record<string, string[]>;
  key?: string;
  timeoutMs?: number;
}): Promise<{ set: string; roundTripMs: number; all: { set: string; roundTripMs: number }[] }> {
  const { transport, routers, key = '', timeoutMs = 2_000 } = options;
  const requests = new Requests();
  const probe = async (set: string, address: string): Promise<{ set: string; roundTripMs: number }> => {
    const self = { role: 'admin', set: 'probe', name: 'probe', incarnation: createId('inc') } as const;
    const link = await openLink(await transport.dial(address, timeoutMs), 'dial', { self, key, timeoutMs });
    link.handle({
      frame: (frame) => frame.kind === KIND.response && requests.onResponse(frame),
      down: (down) => requests.onDown(down),
    });
    let roundTripMs = Number.POSITIVE_INFINITY;
    for (let count = 0; count < PROBES; count++) {
      const at = performance.now();
      await requests.ask(link, { op: 'ping' }, timeoutMs);
      roundTripMs = Math.min(roundTripMs, performance.now() - at);
    }
    link.close();
    return { set, roundTripMs };
  };
  const probes = Object.entries(routers).flatMap(([set, addresses]) => addresses.map((address) => probe(set, address)));
  const answers = (await Promise.allSettled(probes)).flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const all = answers.sort((a, b) => a.roundTripMs - b.roundTripMs);
  const [best] = all;
  if (!best) throw refusal('UNREACHABLE', phrase`no set answers`);
  return { ...best, all };
}
