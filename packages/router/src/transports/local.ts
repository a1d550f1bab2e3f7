import { RouterError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { BLOCKED, KEPT, type Listener, type Transport, type Wire, type WireEvents } from './transport.ts';

/** Bytes on their way to one end before `write` says BLOCKED. */
const HIGH_WATER_BYTES = 1024 * 1024;

/**
 * The embedded transport: both ends in one process, by name. Bytes are handed over in the next turn of the event loop,
 * as a network would, so that nothing works only because it is synchronous.
 */
export function createLocalTransport(): Transport {
  const listeners = new Map<string, (wire: Wire) => void>();
  const wires = new Set<LocalWire>();
  let names = 0;
  return {
    async listen(address, onWire): Promise<Listener> {
      const name = address || `local-${++names}`;
      if (listeners.has(name))
        throw new RouterError('ADDRESS_FAILED', phrase`"${name}" is listened on already`, {
          hint: phrase`choose another name`,
        });
      listeners.set(name, onWire);
      return {
        address: name,
        async close() {
          listeners.delete(name);
        },
      };
    },
    async dial(address) {
      const onWire = listeners.get(address);
      if (!onWire)
        throw new RouterError('ADDRESS_FAILED', phrase`nobody listens on "${address}"`, {
          hint: phrase`start the router first`,
        });
      const here = new LocalWire(address, wires);
      const there = new LocalWire('dialler', wires);
      here.other = there;
      there.other = here;
      wires.add(here).add(there);
      setImmediate(() => onWire(there));
      return here;
    },
    async close() {
      listeners.clear();
      for (const wire of [...wires]) wire.destroy();
    },
  };
}

class LocalWire implements Wire {
  readonly peer: string;
  other: LocalWire | undefined;
  readonly #all: Set<LocalWire>;
  #events: WireEvents | undefined;
  #inbox: Uint8Array[] = [];
  #inboxBytes = 0;
  #scheduled = false;
  #paused = false;
  #ended = false;
  /** The other end closed: `down` comes behind what it sent. */
  #closing: string | undefined;
  #blocked = false;

  constructor(peer: string, all: Set<LocalWire>) {
    this.peer = peer;
    this.#all = all;
  }

  start(events: WireEvents): void {
    this.#events = events;
    this.#schedule();
  }

  write(bytes: Uint8Array): typeof KEPT | typeof BLOCKED {
    const other = this.other;
    if (this.#ended || !other || other.#ended) return KEPT;
    other.#inbox.push(bytes);
    other.#inboxBytes += bytes.byteLength;
    other.#schedule();
    if (other.#inboxBytes <= HIGH_WATER_BYTES) return KEPT;
    this.#blocked = true;
    return BLOCKED;
  }

  /** The other end took enough of what we wrote. */
  unblock(): void {
    if (!this.#blocked) return;
    this.#blocked = false;
    this.#events?.drain();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  close(): void {
    if (this.other) this.other.#close('closed by the other end');
    this.#end('closed');
  }

  destroy(): void {
    if (this.other) this.other.#end('the other end is gone');
    this.#end('destroyed');
  }

  #close(reason: string): void {
    this.#closing = reason;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#ended || !this.#events) return;
    this.#scheduled = true;
    setImmediate(() => this.#deliver());
  }

  #deliver(): void {
    this.#scheduled = false;
    if (this.#paused) return;
    while (this.#inbox.length > 0 && !this.#paused && !this.#ended) {
      const bytes = this.#inbox.shift() as Uint8Array;
      this.#inboxBytes -= bytes.byteLength;
      this.#events?.data(bytes);
    }
    const _sender = this.other;
    if (this.#inboxBytes <= HIGH_WATER_BYTES / 2) this.other?.unblock();
    if (this.#closing !== undefined && this.#inbox.length === 0) this.#end(this.#closing);
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#inbox = [];
    this.#all.delete(this);
    setImmediate(() => this.#events?.down(reason));
  }
}
