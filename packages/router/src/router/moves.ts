import { wireNumber } from '../errors.ts';
import type { FrameView } from '../frames/frame.ts';
import { KIND } from '../frames/layout.ts';
import type { Link } from '../links/link.ts';
import { ENTRY_WORDS } from '../table/route-table.ts';
import { type Authority, CLAIM } from './authority.ts';
import type { Place } from './places.ts';
import type { RouterState } from './state.ts';

/**
 * The owner of an object asks that it belongs to another node from now on. The answer goes in the same queue as the
 * object's messages, so when it arrives everything that was routed here has arrived. UNREACHABLE: nothing was done.
 * TIMEOUT: nobody knows whether it was done. Who asks for his own place gets a later epoch there, by which an earlier
 * move is void.
 */
export function onMove(
  { state, authority }: { state: RouterState; authority: Authority },
  frame: FrameView,
  link: Link,
  from: Place,
): void {
  const payload = frame.copyPayload();
  const entry = new Uint32Array(payload.buffer, 0, ENTRY_WORDS);
  const [set = '', node = ''] = new TextDecoder().decode(payload.subarray(ENTRY_WORDS * 4)).split('\n');
  const low = entry[0] as number;
  const high = entry[1] as number;
  const { call } = frame;
  const answer = (code: number, term = 0, counter = 0): void => {
    if (link.isDown) return;
    link.sendHeader({
      kind: KIND.movedMark,
      method: code,
      term,
      counter,
      targetLow: low,
      targetHigh: high,
      call,
    });
  };
  const to = state.places.byName(set, node);
  if (!to || state.role !== 'main' || !state.isReady || performance.now() >= state.leaseUntil()) {
    answer(wireNumber('UNREACHABLE'));
    return;
  }
  authority.decideAll({ entries: entry.slice(), from: from.index, to: to.index, action: CLAIM.move }, (answers) =>
    answer(answers[0] as number, answers[1] as number, answers[2] as number),
  );
}
