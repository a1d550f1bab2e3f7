import type { Leadership } from '../router/leadership.ts';

/** What a supervisor tells its router. Times are of the machine's monotonic clock, which both processes share. */
export type ToRouter =
  | { kind: 'elected'; term: number; until: number }
  | { kind: 'lease'; until: number }
  | { kind: 'deposed' }
  | { kind: 'stop' };
/** What a router tells its supervisor. */
export type ToSupervisor = { kind: 'ready'; addresses: string[] } | { kind: 'alive' } | { kind: 'resign' };

/** The machine's monotonic clock, ms. */
export const machineNow = (): number => Number(process.hrtime.bigint()) / 1e6;

/** The lease as a supervised router sees it: by messages of the process that holds the session. */
export function leadBySupervisor(channel: NodeJS.Process): Leadership & { onMessage(message: ToRouter): void } {
  let until = Number.NEGATIVE_INFINITY;
  let events: { elected(term: number): void; deposed(): void } | undefined;
  let early: ToRouter[] = [];
  const take = (message: ToRouter): void => {
    if (message.kind === 'elected') {
      until = message.until;
      events?.elected(message.term);
    } else if (message.kind === 'lease') until = message.until;
    else if (message.kind === 'deposed') {
      until = Number.NEGATIVE_INFINITY;
      events?.deposed();
    }
  };
  return {
    onMessage(message) {
      if (events) take(message);
      else early.push(message);
    },
    async start(given) {
      events = given;
      for (const message of early) take(message);
      early = [];
    },
    leaseUntil: () => performance.now() + (until - machineNow()),
    async resign() {
      channel.send?.({ kind: 'resign' } satisfies ToSupervisor);
    },
    async close() {},
  };
}
