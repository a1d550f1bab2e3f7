import { type RouterErrorCode, type WireCode, wireNumber } from '../errors.ts';
import { encodeFrame, type FrameView } from '../frames/frame.ts';
import { CLASS, FLAG, HOP_SHIFT, KIND, MAX_HOPS, OFFSET } from '../frames/layout.ts';
import type { Link } from '../links/link.ts';
import { slotOf } from '../table/object-id.ts';
import { NOBODY } from '../table/route-table.ts';
import type { Groups } from './groups.ts';
import { decides, type RouterState } from './state.ts';

/**
 * The data path. Frames of one chunk that follow each other and go to the same link are copied as one piece, so the payload is
 * touched once and never looked at.
 */
export class Forwarder {
  readonly #state: RouterState;
  readonly #groups: Groups;
  #runLink: Link | undefined;
  #runBytes: Uint8Array | undefined;
  #runStart = 0;
  #runEnd = 0;
  #runCount = 0;
  #runRoom = 0;

  constructor(state: RouterState, groups: Groups) {
    this.#state = state;
    this.#groups = groups;
  }

  /** Takes one data frame from a link. */
  forward(frame: FrameView, from: Link): void {
    const state = this.#state;
    const { view, start, length } = frame;
    const kind = view.getUint8(start + OFFSET.kind);
    if (state.role !== 'main' && state.hasFencing) {
      this.#refuse(frame, from, 'UNREACHABLE');
      return;
    }
    if (kind === KIND.broadcast) {
      this.flush();
      this.#groups.fanOut(frame, from);
      return;
    }
    const low = view.getUint32(start + OFFSET.targetLow, true);
    const high = view.getUint32(start + OFFSET.targetHigh, true);
    const { table } = state;
    const at = table.find(low, high);
    const place = at < 0 ? NOBODY : table.placeAt(at);
    let to: Link | undefined;
    if (place !== NOBODY) {
      to = state.places.links[place];
      if (to && view.getUint32(start + OFFSET.term, true) === 0) {
        view.setUint32(start + OFFSET.term, table.termAt(at), true);
        view.setUint32(start + OFFSET.counter, table.counterAt(at), true);
      }
    } else {
      const slot = slotOf(high);
      // The authority knows best: a cache may be behind, at the price of one hop more.
      const owner = state.slots.ownerOf(slot);
      if (owner === undefined || decides(state, slot)) {
        this.#refuse(frame, from, 'NO_SUCH_OBJECT');
        return;
      }
      to = state.peers.get(owner)?.main;
    }
    if (!to || to.isDown) {
      this.#refuse(frame, from, 'UNREACHABLE');
      return;
    }
    if (to.other.role === 'router') {
      const flags = view.getUint8(start + OFFSET.flags);
      const hops = (flags >>> HOP_SHIFT) + 1;
      if (hops > MAX_HOPS) {
        this.#refuse(frame, from, 'UNREACHABLE');
        return;
      }
      view.setUint8(start + OFFSET.flags, (flags & ((1 << HOP_SHIFT) - 1)) | (hops << HOP_SHIFT));
    }
    if (kind === KIND.state) {
      if (to.send(frame.copy())) state.counters.forwarded++;
      else this.#refuse(frame, from, 'OVERLOADED');
      return;
    }
    if (to === this.#runLink && start === this.#runEnd && frame.bytes === this.#runBytes && length <= this.#runRoom) {
      this.#runEnd += length;
      this.#runRoom -= length;
      this.#runCount++;
      return;
    }
    this.flush();
    const room = to.room(CLASS.call);
    if (room < length) {
      to.counters.full++;
      this.#refuse(frame, from, 'OVERLOADED');
      return;
    }
    this.#runLink = to;
    this.#runBytes = frame.bytes;
    this.#runStart = start;
    this.#runEnd = start + length;
    this.#runCount = 1;
    this.#runRoom = room - length;
  }

  /** Hands the piece that was collected to its link. Called at the end of every chunk. */
  flush(): void {
    const link = this.#runLink;
    if (!link) return;
    link.appendCalls(this.#runBytes as Uint8Array, this.#runStart, this.#runEnd, this.#runCount);
    this.#state.counters.forwarded += this.#runCount;
    this.#runLink = undefined;
    this.#runBytes = undefined;
    this.#runEnd = -1;
  }

  #refuse(frame: FrameView, from: Link, code: RouterErrorCode & WireCode): void {
    this.flush();
    refuseFrame(this.#state.counters, frame, from, code);
  }
}

/** Tells the source of a frame that it was not delivered, on the link that it came by. */
export function refuseFrame(
  counters: { refused: number; undeliverable: number },
  frame: FrameView,
  from: Link,
  code: RouterErrorCode & WireCode,
): void {
  const { kind } = frame;
  if (kind !== KIND.tell && kind !== KIND.ask && kind !== KIND.state) {
    // An answer to an answer would go round for ever.
    counters.undeliverable++;
    return;
  }
  counters.refused++;
  const refused = encodeFrame({
    kind: KIND.refused,
    method: wireNumber(code),
    flags: frame.flags & FLAG.acknowledged,
    targetLow: frame.sourceLow,
    targetHigh: frame.sourceHigh,
    sourceLow: frame.targetLow,
    sourceHigh: frame.targetHigh,
    call: frame.call,
  });
  // A source that does not even read its refusals loses its link and knows by that.
  if (from.room(CLASS.call) < refused.byteLength) from.destroy('refusals wait without end');
  else from.send(refused);
}
