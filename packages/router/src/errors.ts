import { type ErrorWords, Phrase, SparrowError } from '@sparrow/core';
import { ROUTER_ERRORS_ZH } from './errors.zh.ts';
import { phrase } from './phrase.ts';

/**
 * Everything that the router says no with. The first seven also travel in frames: what a source is told about its
 * message.
 */
export type RouterErrorCode =
  /** Nobody has registered the object. */
  | 'NO_SUCH_OBJECT'
  /** The object lives elsewhere now and the message came to its old place; sending again finds it. */
  | 'MOVED'
  /** A bounded queue on the way is full. */
  | 'OVERLOADED'
  /** The node, the router or the set that holds the object cannot be reached; the message was not delivered. */
  | 'UNREACHABLE'
  /** No answer within the deadline. Whether the object got the question is unknown. */
  | 'TIMEOUT'
  /** The question came back to an object that waits for its answer. */
  | 'DEADLOCK'
  /** The object's own code threw. */
  | 'FAILED'
  /** The id is registered already and the policy is `reject`. */
  | 'EXISTS'
  /** Another name with the same 64-bit id is registered. */
  | 'COLLISION'
  /** The node did not declare this type. */
  | 'TYPE_NOT_DECLARED'
  /** The other side of a link could not prove who it is. */
  | 'LINK_REFUSED'
  /** The two sides of a link have no version of the protocol in common. */
  | 'VERSION_UNKNOWN'
  /** Bytes that are no frame, or a frame that is too big or not allowed on its link. */
  | 'FRAME_INVALID'
  /** An address that cannot be listened on or dialled. */
  | 'ADDRESS_FAILED'
  /** The coordination service cannot be reached, or ended our session. */
  | 'COORDINATION_LOST'
  /** A compare-and-set met a newer version. */
  | 'VERSION_CONFLICT'
  /** The part was closed. */
  | 'CLOSED';

export class RouterError extends SparrowError<RouterErrorCode> {
  get chinese(): ErrorWords {
    const words: Record<RouterErrorCode, ErrorWords> = ROUTER_ERRORS_ZH;
    return words[this.code];
  }
}

/** Codes that a REFUSED frame or a registration's answer carries, by their number on the wire. Append only. */
export const WIRE_CODES = [
  'OK',
  'NO_SUCH_OBJECT',
  'MOVED',
  'OVERLOADED',
  'UNREACHABLE',
  'TIMEOUT',
  'DEADLOCK',
  'FAILED',
  'EXISTS',
  'COLLISION',
  'TYPE_NOT_DECLARED',
  'RETRY',
  'FRAME_INVALID',
] as const;
export type WireCode = (typeof WIRE_CODES)[number];
export const wireNumber = (code: WireCode): number => WIRE_CODES.indexOf(code);

const HINTS: Partial<Record<RouterErrorCode, string>> = {
  NO_SUCH_OBJECT: 'register the object first, or create it with pick and place',
  MOVED: 'send again: the next message goes to the new place',
  OVERLOADED: 'send less, wait, or use state frames, which are coalesced',
  UNREACHABLE: 'send again when the node has a main router; see `sparrow game topology`',
  TIMEOUT: 'repeat only what may be done twice, or raise `within`',
  DEADLOCK: 'one of the objects must not wait: use tell',
  FAILED: 'see the log of the node that holds the object',
  EXISTS: 'use the policy `kick`, or leave the other registration alone',
  COLLISION: 'choose another key for the object',
  FRAME_INVALID: 'send less at once, or raise `frameBytes` on both sides of every link on the way',
  TYPE_NOT_DECLARED: "add the type to the node's `types`",
};

/** The error for a code that came over the wire. */
export function refusal(code: RouterErrorCode, what: string | Phrase): RouterError {
  return new RouterError(
    code,
    phrase`${what}: ${new Phrase(code.toLowerCase().replaceAll('_', ' '), ROUTER_ERRORS_ZH[code].meaning)}`,
    {
      hint: HINTS[code] ?? phrase`see docs/router-semantics.md`,
    },
  );
}
