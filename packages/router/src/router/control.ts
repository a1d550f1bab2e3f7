import { RouterError } from '../errors.ts';
import type { FrameView } from '../frames/frame.ts';
import { KIND } from '../frames/layout.ts';
import type { Link } from '../links/link.ts';
import type { Requests } from '../links/requests.ts';
import { phrase } from '../phrase.ts';
import { answerAdmin } from './admin.ts';
import { type Authority, CLAIM } from './authority.ts';
import type { GroupChange, Groups } from './groups.ts';
import type { Lead } from './lead.ts';
import type { Mesh } from './mesh.ts';
import { onMove } from './moves.ts';
import type { NodeLinks } from './node-links.ts';
import type { Place, PlaceInfo } from './places.ts';
import type { Replication } from './replication.ts';
import type { SlotOwnership } from './slot-ownership.ts';
import type { RouterState } from './state.ts';

export interface ControlParts {
  state: RouterState;
  mesh: Mesh;
  lead: Lead;
  ownership: SlotOwnership;
  requests: Requests;
  replication: Replication;
  authority: Authority;
  groups: Groups;
  nodeLinks: NodeLinks;
}

interface Load {
  set: string;
  node: string;
  load: number;
  objects: number;
  isDraining: boolean;
}

/** Control frames: each goes to the part that it concerns, and only on a link on which it is allowed. */
export class Control {
  readonly #parts: ControlParts;

  constructor(parts: ControlParts) {
    this.#parts = parts;
  }

  /** @throws RouterError FRAME_INVALID for a frame that is not allowed on this link */
  onFrame(frame: FrameView, link: Link): void {
    const { state, requests, nodeLinks } = this.#parts;
    const { kind } = frame;
    const { role } = link.other;
    const place = state.nodeLinks.get(link);
    if (kind === KIND.request)
      void requests.onRequest(frame, link, (question) => answerAdmin(this.#parts, question, link));
    else if (kind === KIND.response) requests.onResponse(frame);
    else if (kind === KIND.goodbye) nodeLinks.onGoodbye(link);
    else if (!(role === 'node' && place ? this.#onNode(frame, link, place) : this.#onRouter(frame, link)))
      throw new RouterError('FRAME_INVALID', phrase`frame kind ${kind} is not allowed on a link to a ${role}`, {
        hint: phrase`the other side speaks another protocol`,
      });
  }

  /** What nodes say; false for anything else. */
  #onNode(frame: FrameView, link: Link, place: Place): boolean {
    const { authority, groups, lead } = this.#parts;
    const { kind } = frame;
    if (kind === KIND.register) authority.onNode(frame, link, place, frame.method === 1 ? CLAIM.reject : CLAIM.kick);
    else if (kind === KIND.unregister) authority.onNode(frame, link, place, CLAIM.remove);
    else if (kind === KIND.affirm) authority.onNode(frame, link, place, CLAIM.affirm);
    else if (kind === KIND.move) onMove(this.#parts, frame, link, place);
    else if (kind === KIND.groups) groups.onNode(link, frame.json<GroupChange>());
    else if (kind === KIND.term) lead.onTerm(frame, link);
    else if (kind === KIND.load) {
      const { objects, load } = frame.json<{ objects: number; load: number }>();
      Object.assign(place, { objects, load, picked: 0 });
    } else return false;
    return true;
  }

  /** What routers say; false for anything else. */
  #onRouter(frame: FrameView, link: Link): boolean {
    const { authority, groups, lead, ownership, replication } = this.#parts;
    const { kind } = frame;
    if (link.other.role !== 'router') return false;
    if (kind === KIND.term) lead.onTerm(frame, link);
    else if (kind === KIND.subscribe) replication.onSubscribe(frame, link);
    else if (kind === KIND.places) this.#onPlaces(frame.json<PlaceInfo[]>(), link);
    else if (kind === KIND.increment) replication.onIncrement(frame, link);
    else if (kind === KIND.snapshot) replication.onSnapshot(frame, link);
    else if (kind === KIND.synced) replication.onSynced(frame, link);
    else if (kind === KIND.digests) replication.onDigests(frame, link);
    else if (kind === KIND.pullSlots) replication.onPullSlots(frame, link);
    else if (kind === KIND.mirrored) replication.onMirrored(frame, link);
    else if (kind === KIND.claim) authority.onClaim(frame, link);
    else if (kind === KIND.claimed) authority.onClaimed(frame);
    else if (kind === KIND.setGroups) groups.onSet(link.other.set, frame.json<GroupChange>());
    else if (kind === KIND.setLoads) this.#onSetLoads(frame.json<Load[]>());
    else if (kind === KIND.handover) ownership.onHandover(frame, link);
    else if (kind === KIND.revoke) this.#onRevoke(frame, link);
    else return false;
    return true;
  }

  #onPlaces(infos: PlaceInfo[], link: Link): void {
    const { state, replication, authority, mesh } = this.#parts;
    for (const place of replication.onPlaces(infos, link)) {
      if (place.set === state.set && state.role === 'main') continue;
      place.isAlive = false;
      authority.sweep(place, () => {});
    }
    for (const info of infos) mesh.refreshLinks(info.set);
  }

  #onRevoke(frame: FrameView, link: Link): void {
    const { state, replication } = this.#parts;
    const entry = new Uint32Array(frame.copyPayload().buffer);
    const place = state.places.byIndex[replication.translate(link, (entry[5] as number) & 0xffff)];
    place?.link?.sendHeader({ kind: KIND.revoke }, new Uint8Array(entry.buffer));
  }

  #onSetLoads(loads: Load[]): void {
    const { state } = this.#parts;
    for (const { set, node, load, objects, isDraining } of loads) {
      const place = state.places.byName(set, node);
      if (place && set !== state.set) Object.assign(place, { load, objects, isDraining, picked: 0 });
    }
  }
}
