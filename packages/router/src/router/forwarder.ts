import type { RouterErrorCode, WireCode } from '../errors.ts';
import { FrameView } from '../frames/frame.ts';
import { CLASS, HOP_SHIFT, KIND, MAX_HOPS, OFFSET } from '../frames/layout.ts';
import type { Link } from '../links/link.ts';
import { refusalOf, refuseFrame } from '../links/refusal.ts';
import { slotOf } from '../table/object-id.ts';
import { NOBODY } from '../table/route-table.ts';
import type { Groups } from './groups.ts';
import { decides, type RouterState } from './state.ts';

/**
 * The data path. Frames of one chunk that follow each other and go to the same link are copied as one piece, so the
 * payload is touched once and never looked at.
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

  /** Takes one data frame, from a link or of our own. */
  forward(frame: FrameView, from?: Link): void {
    const state = this.#state;
    const { view, start, length } = frame;
    const kind = view.getUint8(start + OFFSET.kind);
    if (state.role !== 'main' && state.hasFencing) {
      this.#refuse(frame, from, 'UNREACHABLE');
      return;
    }
    if (kind === KIND.broadcast && from) {
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
    if (length > to.frameBytes) {
      this.#refuse(frame, from, 'FRAME_INVALID');
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

  /** Tells the source of a frame that no link carried, wherever it is now. */
  refuseLater(frame: FrameView, code: RouterErrorCode & WireCode): void {
    const refused = refusalOf(frame, code);
    if (refused) this.#state.counters.refused++;
    else this.#state.counters.undeliverable++;
    if (!refused) return;
    if (this.#state.role === 'main') this.forward(new FrameView().at(refused));
    // Who leads no more leaves it to the one that leads.
    else for (const link of this.#state.siblings.values()) if (link.term === this.#state.term) link.send(refused);
    this.flush();
  }

  #refuse(frame: FrameView, from: Link | undefined, code: RouterErrorCode & WireCode): void {
    this.flush();
    if (!from) this.#state.counters.undeliverable++;
    else refuseFrame(this.#state.counters, frame, from, code);
  }
}
