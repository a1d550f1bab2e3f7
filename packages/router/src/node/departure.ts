import type { WireCode } from '../errors.ts';
import type { Epoch } from './hosted.ts';

/**
 * How an object leaves its node, as a machine of states without clocks or links, so that every order of events can be
 * tried. One departure is one attempt; a move that is tried again is another attempt with another id.
 *
 * ```
 * freezing ─▶ offering ─▶ deciding ─▶ moved          the authority gave it to the new node
 *     │           │        ▲     │
 *     │           │        │     ├─▶ affirming ─▶ gone   somebody else has the name
 *     │           │        │     │        │
 *     ▼           ▼        │     ▼        ▼
 *   stayed ◀──────┴────────┴─ withdrawing             it goes on where it was
 * ```
 *
 * A claim without an answer may still be carried out later. The object therefore goes on here only when that is
 * excluded: it takes a new epoch for this node first (`fence`), for which the old claim is void.
 */
export type Departure =
  /** Waits for the turn that is running, and for the object's state. */
  | { at: 'freezing' }
  /** The new node thaws it. */
  | { at: 'offering' }
  /** The authority is asked. `mayBeDone`: a claim without an answer is on its way, or was carried out. */
  | { at: 'deciding'; silent: number; mayBeDone: boolean }
  /** The authority said no: whose is it? */
  | { at: 'affirming'; mayBeDone: boolean }
  /** It is to stay: a new epoch makes void what was asked. */
  | { at: 'withdrawing' }
  | { at: 'moved'; epoch: Epoch }
  | { at: 'stayed' }
  | { at: 'gone' };

export type DepartureEvent =
  | { kind: 'frozen' }
  /** The object could not be frozen, or the new node did not take it, or said nothing in time. */
  | { kind: 'failed' }
  | { kind: 'accepted' }
  /** The authority's answer to a claim or a fence. */
  | { kind: 'mark'; code: WireCode; epoch: Epoch }
  /** No answer came in time. */
  | { kind: 'silent' }
  | { kind: 'affirmed'; verdict: 'ours' | 'lost' | 'open' }
  /** It was taken out of this node's table by somebody else than the move. */
  | { kind: 'removed' };

export type DepartureEffect =
  | { do: 'offer' }
  /** Asks the authority to give it to the new node. */
  | { do: 'claim' }
  /** Asks the authority for a new epoch on this node. */
  | { do: 'fence' }
  | { do: 'affirm' }
  /** The new node is to forget it. */
  | { do: 'abandon' }
  /** It goes on here, under a new epoch when there is one. */
  | { do: 'stay'; epoch?: Epoch }
  /** What was held goes after it, then it is no longer here. */
  | { do: 'leave'; epoch: Epoch }
  /** Somebody else has the name. */
  | { do: 'lose' };

/** Claims without an answer before the object is taken back. */
const PATIENCE = 4;

type Step = [Departure, ...DepartureEffect[]];

export const isOver = ({ at }: Departure): boolean => at === 'moved' || at === 'stayed' || at === 'gone';

export function depart(state: Departure, event: DepartureEvent): Step {
  if (isOver(state)) return [state];
  if (event.kind === 'removed') return state.at === 'freezing' ? [{ at: 'gone' }] : [{ at: 'gone' }, { do: 'abandon' }];
  switch (state.at) {
    case 'freezing':
      if (event.kind === 'frozen') return [{ at: 'offering' }, { do: 'offer' }];
      if (event.kind === 'failed') return [{ at: 'stayed' }, { do: 'stay' }];
      return [state];
    case 'offering':
      if (event.kind === 'accepted') return [{ at: 'deciding', silent: 0, mayBeDone: false }, { do: 'claim' }];
      if (event.kind === 'failed' || event.kind === 'silent') return stay();
      return [state];
    case 'deciding':
      return decide(state, event);
    case 'affirming':
      if (event.kind === 'silent') return [state, { do: 'affirm' }];
      if (event.kind !== 'affirmed') return [state];
      if (event.verdict === 'lost') return [{ at: 'gone' }, { do: 'abandon' }, { do: 'lose' }];
      if (event.verdict === 'open') return [state, { do: 'affirm' }];
      return state.mayBeDone ? [{ at: 'withdrawing' }, { do: 'fence' }] : stay();
    case 'withdrawing':
      if (event.kind === 'silent') return [state, { do: 'fence' }];
      if (event.kind !== 'mark') return [state];
      if (event.code === 'OK') return stay(event.epoch);
      // The claim was carried out before, or somebody else has the name: the claim's own answer tells which.
      if (event.code === 'MOVED') return [{ at: 'deciding', silent: 0, mayBeDone: true }, { do: 'claim' }];
      return [state, { do: 'fence' }];
    default:
      return [state];
  }
}

function decide(state: Departure & { at: 'deciding' }, event: DepartureEvent): Step {
  if (event.kind === 'silent' || (event.kind === 'mark' && event.code === 'TIMEOUT')) {
    const silent = state.silent + 1;
    if (silent >= PATIENCE) return [{ at: 'withdrawing' }, { do: 'fence' }];
    return [{ at: 'deciding', silent, mayBeDone: true }, { do: 'claim' }];
  }
  if (event.kind !== 'mark') return [state];
  if (event.code === 'OK')
    return [
      { at: 'moved', epoch: event.epoch },
      { do: 'leave', epoch: event.epoch },
    ];
  if (event.code === 'MOVED') return [{ at: 'affirming', mayBeDone: state.mayBeDone }, { do: 'affirm' }];
  // Nothing was done by this claim; an earlier one may have been.
  return state.mayBeDone ? [{ at: 'withdrawing' }, { do: 'fence' }] : stay();
}

const stay = (epoch?: Epoch): Step => [{ at: 'stayed' }, { do: 'abandon' }, { do: 'stay', ...(epoch && { epoch }) }];
