import type { Clock } from '@sparrow/core';
import type { Coordinator } from '../coordinators/coordinator.ts';
import type { Link } from '../links/link.ts';
import { RouteTable } from '../table/route-table.ts';
import { type Place, Places } from './places.ts';
import { SlotMap } from './slot-map.ts';

/** Another set as a router sees it. */
export interface PeerSet {
  readonly set: string;
  /** Links to its routers, by name. */
  readonly links: Map<string, Link>;
  /** The one that leads, by the highest term that was announced. */
  main: Link | undefined;
  term: number;
  isDraining: boolean;
  /** Its table is here as a whole. */
  isSynced: boolean;
}

export interface RouterTimes {
  /** A node whose link fell may come back within this, with its objects (default 3,000 ms). */
  nodeGraceMs: number;
  /** Digests are compared this often (default 2,000 ms). */
  antiEntropyMs: number;
  /** Tombstones are kept this long: longer than any link may be away (default 60,000 ms). */
  tombstoneMs: number;
  /** An answer of another set's authority is waited for this long (default 3,000 ms). */
  claimMs: number;
  /** A set none of whose routers has been listed by the coordinator for this long is given up (default 15,000 ms). */
  lostSetMs: number;
}

export const DEFAULT_TIMES: RouterTimes = {
  nodeGraceMs: 3_000,
  antiEntropyMs: 2_000,
  tombstoneMs: 60_000,
  claimMs: 3_000,
  lostSetMs: 15_000,
};

export interface RouterCounters {
  forwarded: number;
  refused: number;
  /** Replies, acknowledgements and refusals whose receiver is gone. */
  undeliverable: number;
  broadcasts: number;
  registered: number;
  kicked: number;
  /** Frames of a lower term, dropped. */
  stale: number;
  /** Slots that differed in a comparison and were pulled again. */
  diverged: number;
  gaps: number;
}

/** What the parts of one router share. */
export interface RouterState {
  readonly set: string;
  readonly name: string;
  readonly clock: Clock;
  readonly coordinator: Coordinator;
  readonly times: RouterTimes;
  readonly table: RouteTable;
  readonly places: Places;
  readonly slots: SlotMap;
  readonly peers: Map<string, PeerSet>;
  readonly nodeLinks: Map<Link, Place>;
  /** Links to the other routers of this set. */
  readonly siblings: Map<string, Link>;
  readonly counters: RouterCounters;
  readonly log: (line: string) => void;
  role: 'main' | 'standby';
  /** Our lease's term while main; as standby the highest that was seen. */
  term: number;
  /** The last number given out in this term. */
  counter: number;
  /** As main: the table is whole, objects are taken. */
  isReady: boolean;
  isDraining: boolean;
  /** The drains that keep new objects away from this set. */
  readonly drains: Set<symbol>;
  isClosed: boolean;
  /** Where nodes dial us; empty until we listen. */
  address: string;
  /** A standby has the whole table and confirms every change. */
  hasWarmStandby: () => boolean;
  /** performance.now() up to which registrations may be decided. */
  leaseUntil: () => number;
  /** The term was raised while this router leads: the others must hear of it. */
  onNewTerm: () => void;
  /** The longest wait of the event loop since it was asked last, ms. */
  longestTurn: () => number;
  /** Slots of ours whose hand-over is not done. */
  readonly pendingSlots: Set<number>;
  /** Slots that are being given away: until it is known whether they are still ours nobody decides about them here. */
  readonly leavingSlots: Set<number>;
  /** Operators may do faults to it: for development. */
  readonly takesFaults: boolean;
  /** Off only in tests that show what fencing is for. */
  readonly hasFencing: boolean;
}

/** True when this router decides about the slot now. */
export function decides(state: RouterState, slot: number): boolean {
  if (state.slots.ownerOf(slot) !== state.set) return false;
  return !state.pendingSlots.has(slot) && !state.leavingSlots.has(slot);
}

export function createState(
  base: Pick<RouterState, 'set' | 'name' | 'clock' | 'coordinator' | 'times' | 'log' | 'hasFencing' | 'takesFaults'>,
): RouterState {
  return {
    ...base,
    table: new RouteTable(),
    places: new Places(),
    slots: new SlotMap(),
    peers: new Map(),
    nodeLinks: new Map(),
    siblings: new Map(),
    counters: {
      forwarded: 0,
      refused: 0,
      undeliverable: 0,
      broadcasts: 0,
      registered: 0,
      kicked: 0,
      stale: 0,
      diverged: 0,
      gaps: 0,
    },
    role: 'standby',
    term: 0,
    counter: 0,
    isReady: false,
    isDraining: false,
    drains: new Set(),
    isClosed: false,
    address: '',
    hasWarmStandby: () => false,
    leaseUntil: () => Number.POSITIVE_INFINITY,
    onNewTerm: () => {},
    longestTurn: () => 0,
    pendingSlots: new Set(),
    leavingSlots: new Set(),
  };
}
