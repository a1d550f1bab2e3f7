/**
 * What the parts of a mesh agree on: who is there, who leads, and a few small values. Holds sets, routers and the slot
 * map; never objects. Paths are like `sets/a/routers`. `packages/router/contract/coordinator.ts` holds what an
 * implementation must do.
 */
export interface Coordinator {
  /**
   * Makes `path/name` be there with `data` as long as this coordinator's session lasts. Comes back by itself after a
   * lost session.
   */
  join(path: string, name: string, data: string): Promise<Membership>;
  /** The members below a path now and whenever they change (first call soon). A burst of changes may be one call. */
  watchMembers(path: string, onMembers: (members: ReadonlyMap<string, string>) => void): Closable;
  /**
   * Takes part in the election at `path`; at most one candidate leads, and terms only rise over all elections and
   * `nextTerm`.
   */
  elect(path: string, data: string, events: ElectionEvents): Promise<Election>;
  /** A value and its version, not older than the call; version -1 when there is none. */
  read(path: string): Promise<{ data: string; version: number }>;
  /** Calls with the value now and whenever it changes. */
  watchValue(path: string, onValue: (data: string, version: number) => void): Closable;
  /** Writes when the version is still `version` (-1: there is none yet). @throws RouterError VERSION_CONFLICT */
  compareAndSet(path: string, data: string, version: number): Promise<number>;
  /** A number above every term that was ever given out. @throws RouterError COORDINATION_LOST */
  nextTerm(): Promise<number>;
  /** performance.now() up to which nobody else can have been told that our session ended; -Infinity when it ended. */
  readonly validUntil: number;
  close(): Promise<void>;
}

export interface Closable {
  close(): void;
}

export interface Membership {
  update(data: string): Promise<void>;
  leave(): Promise<void>;
}

export interface ElectionEvents {
  /** We lead, under this term. */
  elected(term: number): void;
  /** We do not lead any more, or cannot know (the session ended). */
  deposed(): void;
}

export interface Election {
  /** Gives the lead back at once and takes no further part. */
  resign(): Promise<void>;
}
