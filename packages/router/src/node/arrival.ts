import type { Epoch } from './hosted.ts';

/**
 * How an object comes to a node, as a machine of states without clocks or links. There is one arrival for each attempt
 * of the old node; whatever names another attempt changes nothing here.
 *
 * ```
 * thawing ─▶ waiting ─▶ living     the authority gave it to this node
 *    └──────────┴─────▶ over       the attempt was given up, or a later one came
 * ```
 */
export type Arrival = { at: 'thawing' } | { at: 'waiting' } | { at: 'living'; epoch: Epoch } | { at: 'over' };

export type ArrivalEvent =
  | { kind: 'thawed' }
  | { kind: 'thaw failed' }
  /** The old node gave this attempt up, or a later attempt came. */
  | { kind: 'given up' }
  /** The old node sent all that it had held, or the authority said so itself. */
  | { kind: 'given to us'; epoch: Epoch }
  /** The object was taken out of this node's table, e.g. by a registration here. */
  | { kind: 'removed' };

export type ArrivalEffect =
  /** It goes into the table and holds what comes. The old node hears that it is here. */
  | 'hold'
  | 'live'
  /** What was thawed is of no use. */
  | 'discard';

export function arrive(state: Arrival, event: ArrivalEvent): [Arrival, ArrivalEffect?] {
  if (state.at === 'thawing') {
    if (event.kind === 'thawed') return [{ at: 'waiting' }, 'hold'];
    if (event.kind === 'given to us') return [state];
    return [{ at: 'over' }];
  }
  if (state.at === 'waiting') {
    if (event.kind === 'given to us') return [{ at: 'living', epoch: event.epoch }, 'live'];
    if (event.kind === 'given up') return [{ at: 'over' }, 'discard'];
    if (event.kind === 'removed') return [{ at: 'over' }];
  }
  // A thaw that was slow is over before it begins.
  if (state.at === 'over' && event.kind === 'thawed') return [state, 'discard'];
  return [state];
}
