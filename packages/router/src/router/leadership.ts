import type { Coordinator, Election } from '../coordinators/coordinator.ts';

/** Says to a router whether it leads its set. */
export interface Leadership {
  start(events: { elected(term: number): void; deposed(): void }): Promise<void>;
  /** performance.now() up to which registrations may be decided. */
  leaseUntil(): number;
  /** Gives the lead to the standby. */
  resign(): Promise<void>;
  close(): Promise<void>;
}

/** The router takes part in the election by itself. A supervisor does it for routers that are to fail over at once. */
export function leadByElection(coordinator: Coordinator, path: string, name: string): Leadership {
  let election: Election | undefined;
  return {
    async start(events) {
      election = await coordinator.elect(path, name, events);
    },
    leaseUntil: () => coordinator.validUntil,
    resign: async () => election?.resign(),
    close: async () => election?.resign().catch(() => {}),
  };
}
