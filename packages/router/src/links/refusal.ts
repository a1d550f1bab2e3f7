import { type RouterErrorCode, type WireCode, wireNumber } from '../errors.ts';
import { encodeFrame, type FrameView } from '../frames/frame.ts';
import { CLASS, FLAG, KIND } from '../frames/layout.ts';
import type { Link } from './link.ts';

/** What a frame's source is told about it; undefined for answers, which would go round for ever. */
export function refusalOf(frame: FrameView, code: RouterErrorCode & WireCode): Uint8Array | undefined {
  const { kind } = frame;
  if (kind !== KIND.tell && kind !== KIND.ask && kind !== KIND.state) return undefined;
  return encodeFrame({
    kind: KIND.refused,
    method: wireNumber(code),
    flags: frame.flags & FLAG.acknowledged,
    targetLow: frame.sourceLow,
    targetHigh: frame.sourceHigh,
    sourceLow: frame.targetLow,
    sourceHigh: frame.targetHigh,
    call: frame.call,
  });
}

/** Tells the source of a frame that it was not delivered, on the link that it came by. */
export function refuseFrame(
  counters: { refused: number; undeliverable: number },
  frame: FrameView,
  from: Link,
  code: RouterErrorCode & WireCode,
): void {
  const refused = refusalOf(frame, code);
  if (!refused) {
    counters.undeliverable++;
    return;
  }
  counters.refused++;
  // A source that does not even read its refusals loses its link and knows by that.
  if (from.room(CLASS.call) < refused.byteLength) from.destroy('refusals wait without end');
  else from.send(refused);
}
