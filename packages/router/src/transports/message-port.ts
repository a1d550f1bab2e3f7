import type { MessagePort } from 'node:worker_threads';
import { RouterError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { BLOCKED, KEPT, type Listener, type Transport, type Wire, type WireEvents } from './transport.ts';

/** Bytes on their way to the other thread before `write` says BLOCKED. */
const WINDOW_BYTES = 1024 * 1024;

/** A port carries one wire at a time; the number tells what belongs to an earlier one. */
type PortMessage =
  | { open: number }
  | { wire: number; bytes: Uint8Array }
  | { wire: number; taken: number }
  | { wire: number; close: string };

export interface MessagePortTransport extends Transport {
  /** The thread with the router: gives it one end of a channel whose other end went to a worker. */
  accept(port: MessagePort): void;
}

/**
 * Links between the workers of one process. The router's side gets each worker's port by `accept`; a worker's side is
 * made with its port and dials any address, again when a wire ended. Buffers are transferred, not copied. A wire is
 * accepted when the worker dials, however long its start takes.
 */
export function createMessagePortTransport(own?: MessagePort): MessagePortTransport {
  const channels = new Set<Channel>();
  const early: MessagePort[] = [];
  let onWire: ((wire: Wire) => void) | undefined;
  let dialler: Channel | undefined;
  const hold = (port: MessagePort): Channel => {
    const channel: Channel = new Channel(port, {
      opened: (wire) => onWire?.(wire),
      gone: () => channels.delete(channel),
    });
    channels.add(channel);
    return channel;
  };
  return {
    accept(port) {
      // Until somebody listens, what comes waits in the port.
      if (onWire) hold(port);
      else early.push(port);
    },
    async listen(address, accept): Promise<Listener> {
      if (onWire)
        throw new RouterError('ADDRESS_FAILED', phrase`the ports are listened on already`, {
          hint: phrase`listen once`,
        });
      onWire = accept;
      for (const port of early.splice(0)) hold(port);
      return {
        address: address || 'ports',
        async close() {
          onWire = undefined;
        },
      };
    },
    async dial(address) {
      if (own) dialler ??= hold(own);
      if (!dialler || dialler.isGone || dialler.isUsed)
        throw new RouterError('ADDRESS_FAILED', phrase`no port leads to ${address}`, {
          hint: phrase`give the worker a port`,
        });
      return dialler.dial();
    },
    async close() {
      for (const channel of [...channels]) channel.close();
    },
  };
}

interface ChannelEvents {
  /** The other thread dialled. */
  opened(wire: Wire): void;
  /** The other thread is gone. */
  gone(): void;
}

/** One end of a port, and the wire that goes over it now. */
class Channel {
  isGone = false;
  readonly #port: MessagePort;
  #wire: PortWire | undefined;
  #last = 0;

  constructor(port: MessagePort, { opened, gone }: ChannelEvents) {
    this.#port = port;
    port.on('message', (message: PortMessage) => {
      if ('open' in message) {
        this.#wire?.end('replaced by a newer wire');
        this.#wire = new PortWire(message.open, this);
        opened(this.#wire);
      } else this.#wire?.onMessage(message);
    });
    port.on('close', () => {
      this.isGone = true;
      gone();
      this.#wire?.end('the other thread is gone');
    });
  }

  get isUsed(): boolean {
    return this.#wire !== undefined;
  }

  dial(): Wire {
    // Without a wire the port must not keep its thread alive; with one it must.
    this.#port.ref();
    this.#wire = new PortWire(++this.#last, this);
    this.#port.postMessage({ open: this.#last } satisfies PortMessage);
    return this.#wire;
  }

  post(message: PortMessage, transfer: ArrayBuffer[] = []): void {
    if (!this.isGone) this.#port.postMessage(message, transfer);
  }

  ended(wire: PortWire): void {
    if (this.#wire !== wire) return;
    this.#wire = undefined;
    if (this.#last > 0) this.#port.unref();
  }

  close(): void {
    this.#wire?.destroy();
    // Behind the word that it ended.
    setImmediate(() => this.#port.close());
  }
}

class PortWire implements Wire {
  readonly peer = 'port';
  readonly #number: number;
  readonly #channel: Channel;
  #events: WireEvents | undefined;
  #under = 0;
  #blocked = false;
  #paused = false;
  #isEnded = false;
  readonly #inbox: Exclude<PortMessage, { open: number }>[] = [];

  constructor(number: number, channel: Channel) {
    this.#number = number;
    this.#channel = channel;
  }

  start(events: WireEvents): void {
    this.#events = events;
    setImmediate(() => this.#deliver());
  }

  onMessage(message: Exclude<PortMessage, { open: number }>): void {
    if (message.wire !== this.#number) return;
    this.#inbox.push(message);
    this.#deliver();
  }

  write(bytes: Uint8Array): typeof KEPT | typeof BLOCKED {
    if (this.#isEnded) return KEPT;
    this.#under += bytes.byteLength;
    // The buffer is the wire's: what is longer than the bytes is not sent along.
    const part = bytes.byteLength * 2 < bytes.buffer.byteLength ? bytes.slice() : bytes;
    this.#channel.post({ wire: this.#number, bytes: part }, [part.buffer as ArrayBuffer]);
    if (this.#under <= WINDOW_BYTES) return KEPT;
    this.#blocked = true;
    return BLOCKED;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#deliver();
  }

  close(): void {
    if (!this.#isEnded) this.#channel.post({ wire: this.#number, close: 'closed by the other end' });
    this.end('closed');
  }

  destroy(): void {
    this.close();
  }

  #deliver(): void {
    while (this.#events && !this.#paused && !this.#isEnded) {
      const message = this.#inbox.shift();
      if (!message) return;
      if ('close' in message) this.end(message.close);
      else if ('taken' in message) {
        this.#under -= message.taken;
        if (this.#blocked && this.#under <= WINDOW_BYTES / 2) {
          this.#blocked = false;
          this.#events.drain();
        }
      } else {
        this.#channel.post({ wire: this.#number, taken: message.bytes.byteLength });
        this.#events.data(message.bytes);
      }
    }
  }

  end(reason: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#channel.ended(this);
    setImmediate(() => this.#events?.down(reason));
  }
}
