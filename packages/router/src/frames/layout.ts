/**
 * A frame on the wire, little-endian, fixed offsets: a router reads these and never the payload.
 *
 * ```
 *  0 u32 length, header included      16 u32 target id, low     32 u32 call: the message's number at its source node
 *  4 u8  kind                         20 u32 target id, high    36 payload
 *  5 u8  flags                        24 u32 source id, low
 *  6 u16 method or code               28 u32 source id, high
 *  8 u32 epoch: term
 * 12 u32 epoch: counter
 * ```
 */
export const OFFSET = {
  length: 0,
  kind: 4,
  flags: 5,
  method: 6,
  term: 8,
  counter: 12,
  targetLow: 16,
  targetHigh: 20,
  sourceLow: 24,
  sourceHigh: 28,
  call: 32,
} as const;

export const HEADER_BYTES = 36;
/** Frames of links that have not proved themselves are no longer than this. */
export const MAX_HELLO_BYTES = 16 * 1024;
export const MAX_FRAME_BYTES = 1024 * 1024;

/** Data kinds are below 32 and are forwarded; control kinds end at the next hop. Append only: they are the protocol. */
export const KIND = {
  tell: 1,
  ask: 2,
  reply: 3,
  refused: 4,
  state: 5,
  broadcast: 6,
  ack: 7,
  /** To the old owner, behind everything that was routed to it: the object's messages go elsewhere from here on. */
  movedMark: 16,
  /** From the old owner to the new one, behind the messages that waited: no more will come this way. */
  flushed: 8,

  hello: 32,
  challenge: 33,
  proof: 34,
  welcome: 35,
  ping: 36,
  pong: 37,
  goodbye: 38,
  term: 39,
  register: 40,
  registered: 41,
  unregister: 42,
  revoke: 43,
  move: 44,
  affirm: 46,
  groups: 47,
  load: 48,
  request: 49,
  response: 50,
  places: 51,
  subscribe: 52,
  snapshot: 53,
  increment: 54,
  synced: 55,
  digests: 56,
  claim: 57,
  claimed: 58,
  setGroups: 59,
  mirrored: 60,
  handover: 61,
  pullSlots: 62,
  setLoads: 63,
  arrived: 64,
  /** How many bytes of data frames were handed over, as a 64-bit float. */
  confirmed: 65,
} as const;
export const FIRST_CONTROL_KIND = 32;
export const LAST_KIND = 65;

export const FLAG = {
  /** Forwarded by an object's old owner after a move. */
  forwarded: 1,
  /** Once or more: the receiver acknowledges. */
  acknowledged: 2,
  /** A reply that carries an error. */
  failed: 4,
  /** The payload begins with the 8 bytes of the call chain's id. */
  chain: 8,
  /** A broadcast that another set's router already fanned out: to own nodes only. */
  inner: 16,
  /** Of an answer to registrations: no standby has them. Control frames are not forwarded, so the bit is free there. */
  uncovered: 1,
} as const;
/** The upper bits of the flags count hops between routers. */
export const HOP_SHIFT = 5;
export const MAX_HOPS = 4;

/** The classes of a link's queues: all of a lower number goes first. Order is kept within a class. */
export const CLASS = { control: 0, call: 1, state: 2 } as const;
export type PriorityClass = (typeof CLASS)[keyof typeof CLASS];

export function classOf(kind: number): PriorityClass {
  return kind >= FIRST_CONTROL_KIND ? CLASS.control : kind === KIND.state ? CLASS.state : CLASS.call;
}

/** Versions of the protocol that this code speaks. Two sides use the highest that both know. */
export const PROTOCOL = { min: 1, max: 2 } as const;
