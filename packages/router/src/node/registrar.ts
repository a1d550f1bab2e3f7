import type { Clock } from '@sparrow/core';
import { type RouterErrorCode, refusal, WIRE_CODES } from '../errors.ts';
import { encodeFrame, type FrameView, wordBytes, words } from '../frames/frame.ts';
import { KIND } from '../frames/layout.ts';
import type { Link } from '../links/link.ts';
import type { Requests } from '../links/requests.ts';
import type { IdMap } from '../table/id-map.ts';
import { typeNumber } from '../table/object-id.ts';
import { ENTRY_WORDS, entryHash } from '../table/route-table.ts';
import { failureOf, type Hosted } from './hosted.ts';
import type { RouterLinks } from './router-links.ts';
import type { Sender } from './sender.ts';

const REGISTER_ENTRIES = 4096;
const REGISTER_MS = 10_000;
/** Objects that are compared in one turn of the event loop. */
const RECONCILE_OBJECTS = 5_000;
/** Objects that nobody decides about are told again after this. */
const AGAIN_MS = 1_000;
const ACTION = { kick: 0, reject: 1 } as const;

interface Pending {
  frame: Uint8Array;
  settle: (answers: Uint32Array) => void;
}

export interface RegistrarParts {
  clock: Clock;
  hosted: IdMap<Hosted>;
  links: RouterLinks;
  requests: Requests;
  sender: Sender;
  nextCall(): number;
  /** The object is somebody else's now. */
  drop(object: Hosted): void;
  log(line: string): void;
}

/** Tells the main router which objects live here, and again when another leads. */
export class Registrar {
  readonly #parts: RegistrarParts;
  readonly #pending = new Map<number, Pending>();

  constructor(parts: RegistrarParts) {
    this.#parts = parts;
  }

  onAnswer(frame: FrameView): void {
    const waiting = this.#pending.get(frame.call);
    if (!waiting) return;
    this.#pending.delete(frame.call);
    waiting.settle(words(frame));
  }

  /** Another router leads: what is open is asked again, what it does not know of us is told. */
  onMain(main: Link): void {
    for (const { frame } of this.#pending.values()) main.send(frame);
    void this.#reconcile(main);
  }

  async unregister(object: Hosted): Promise<void> {
    const entries = new Uint32Array(ENTRY_WORDS);
    writeEntry(entries, 0, object);
    await this.#send(KIND.unregister, 0, entries);
  }

  #forget(object: Hosted): void {
    const { hosted } = this.#parts;
    object.state = 'gone';
    if (hosted.get(object.id.low, object.id.high) === object) hosted.delete(object.id.low, object.id.high);
  }

  #send(kind: number, method: number, entries: Uint32Array): Promise<Uint32Array> {
    const { clock, links, nextCall } = this.#parts;
    const call = nextCall();
    const frame = encodeFrame({ kind, method, call }, wordBytes(entries));
    return new Promise((resolve, reject) => {
      const cancel = clock.after(REGISTER_MS, () => {
        this.#pending.delete(call);
        reject(refusal('UNREACHABLE', 'no router has answered the registration'));
      });
      this.#pending.set(call, {
        frame,
        settle(answers) {
          cancel();
          resolve(answers);
        },
      });
      links.main?.send(frame);
    });
  }

  /** Registers objects of one type; a code for each. @throws RouterError UNREACHABLE when no router answers */
  async register(objects: Hosted[], policy: 'kick' | 'reject'): Promise<(RouterErrorCode | 'OK')[]> {
    const { hosted, sender, drop } = this.#parts;
    const codes: (RouterErrorCode | 'OK')[] = [];
    /** Objects of this node that had one of the names before. */
    const replaced: Hosted[] = [];
    const type = objects[0] ? typeNumber(objects[0].id.type) << 16 : 0;
    const parts: Promise<Uint32Array>[] = [];
    for (let from = 0; from < objects.length; from += REGISTER_ENTRIES) {
      const part = objects.slice(from, from + REGISTER_ENTRIES);
      const entries = new Uint32Array(part.length * ENTRY_WORDS);
      part.forEach((object, index) => {
        const former = hosted.get(object.id.low, object.id.high);
        if (former && former !== object) replaced.push(former);
        hosted.set(object.id.low, object.id.high, object);
        writeEntry(entries, index, object);
        entries[index * ENTRY_WORDS + 5] = type;
      });
      parts.push(this.#send(KIND.register, ACTION[policy], entries));
    }
    let from = 0;
    for (const part of parts) {
      const answers = await part.catch((error: unknown) => {
        // Nobody knows whether it was done: it is not ours, and what the router says about it is refused.
        for (const object of objects) if (object.state === 'registering') this.#forget(object);
        throw error;
      });
      for (let at = 0; at < answers.length; at += 3) {
        const object = objects[from + at / 3] as Hosted;
        const code = WIRE_CODES[answers[at] as number] ?? 'FAILED';
        codes.push(code === 'RETRY' ? 'UNREACHABLE' : code);
        if (code === 'OK') {
          object.term = answers[at + 1] as number;
          object.counter = answers[at + 2] as number;
          object.state = 'active';
          const revoked = object.revokedEpoch;
          object.revokedEpoch = undefined;
          if (revoked?.term === object.term && revoked.counter === object.counter) drop(object);
        } else {
          this.#forget(object);
        }
      }
      from += REGISTER_ENTRIES;
    }
    for (const former of replaced) {
      former.state = 'gone';
      sender.onSourceGone(former.id);
      former.object.revoked?.('kicked');
    }
    return codes;
  }

  #again(main: Link): void {
    const { clock, links } = this.#parts;
    clock.after(AGAIN_MS, () => {
      if (links.main === main) void this.#reconcile(main);
    });
  }

  /** After a change of the main: what it does not know of us is told again. */
  async #reconcile(main: Link): Promise<void> {
    const { hosted, links, requests, drop, log } = this.#parts;
    try {
      let count = 0;
      let digest = 0;
      let seen = 0;
      const ours: Hosted[] = [];
      for (const object of hosted.values()) {
        // A node may hold very many: messages go on meanwhile.
        if (++seen % RECONCILE_OBJECTS === 0) {
          await new Promise((resolve) => setImmediate(resolve));
          if (links.main !== main) return;
        }
        if (object.state !== 'active' && object.state !== 'moving') continue;
        ours.push(object);
        count++;
        digest ^= entryHash(object.id.low, object.id.high, object.term, object.counter);
      }
      const theirs = await requests.ask<{ count: number; digest: number }>(main, { op: 'digest' });
      if (theirs.count === count && theirs.digest === digest >>> 0) return;
      log(`the router knows ${theirs.count} of our objects, we hold ${count}: telling all`);
      let open = 0;
      for (let from = 0; from < ours.length && links.main === main; from += REGISTER_ENTRIES) {
        const part = ours.slice(from, from + REGISTER_ENTRIES);
        const entries = new Uint32Array(part.length * ENTRY_WORDS);
        part.forEach((object, index) => writeEntry(entries, index, object));
        const answers = await this.#send(KIND.affirm, 0, entries);
        const lost = part.filter((object, index) => {
          const code = WIRE_CODES[answers[index * 3] as number];
          if (code === 'UNREACHABLE' || code === 'RETRY') open++;
          else return code !== 'OK' && object.state === 'active';
          return false;
        });
        if (lost.length === 0) continue;
        // Somebody may have taken the name meanwhile; where nobody has, it stays ours under a new epoch.
        const byType = Map.groupBy(lost, (object) => object.id.type);
        for (const objects of byType.values()) {
          const codes = await this.register(objects, 'reject');
          objects.forEach((object, index) => {
            if (codes[index] === 'OK') return;
            object.state = 'active';
            if (codes[index] === 'UNREACHABLE') {
              // Nobody decides about it now: it stays ours until somebody does.
              open++;
              hosted.set(object.id.low, object.id.high, object);
            } else drop(object);
          });
        }
      }
      if (open > 0) {
        log(`${open} objects could not be affirmed, they are told again`);
        this.#again(main);
      }
    } catch (error) {
      log(`comparing with the router failed: ${failureOf(error).message}`);
      if (links.main === main) this.#again(main);
    }
  }
}

function writeEntry(entries: Uint32Array, index: number, object: Hosted): void {
  const at = index * ENTRY_WORDS;
  entries[at] = object.id.low;
  entries[at + 1] = object.id.high;
  entries[at + 2] = object.id.check;
  entries[at + 3] = object.term;
  entries[at + 4] = object.counter;
  entries[at + 5] = typeNumber(object.id.type) << 16;
}
