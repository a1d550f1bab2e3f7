import type { MessagePort } from 'node:worker_threads';
import { RouterError } from '../errors.ts';
import { BLOCKED, KEPT, type Listener, type Transport, type Wire, type WireEvents } from './transport.ts';

/** Bytes on their way to the other thread before `write` says BLOCKED. */
const WINDOW_BYTES = 1024 * 1024;

type PortMessage = { bytes: Uint8Array } | { taken: number } | { close: string };

export interface MessagePortTransport extends Transport {
  /** The thread with the router: gives it one end of a channel whose other end went to a worker. */
  accept(port: MessagePort): void;
}

/**
 * Links between the workers of one process. The router's side gets each worker's port by `accept`; a worker's side is
 * made with its port and dials any address. Buffers are transferred, not copied.
 */
export function createMessagePortTransport(own?: MessagePort): MessagePortTransport {
  const wires = new Set<PortWire>();
  const early: MessagePort[] = [];
  let onWire: ((wire: Wire) => void) | undefined;
  let isUsed = false;
  const hold = (port: MessagePort): PortWire => {
    const wire: PortWire = new PortWire(port, () => wires.delete(wire));
    wires.add(wire);
    return wire;
  };
  return {
    accept(port) {
      if (onWire) onWire(hold(port));
      else early.push(port);
    },
    async listen(address, accept): Promise<Listener> {
      if (onWire) throw new RouterError('ADDRESS_FAILED', 'the ports are listened on already', { hint: 'listen once' });
      onWire = accept;
      for (const port of early.splice(0)) accept(hold(port));
      return {
        address: address || 'ports',
        async close() {
          onWire = undefined;
        },
      };
    },
    async dial(address) {
      if (!own || isUsed)
        throw new RouterError('ADDRESS_FAILED', `no port leads to ${address}`, { hint: 'give the worker a port' });
      isUsed = true;
      return hold(own);
    },
    async close() {
      for (const wire of [...wires]) wire.destroy();
    },
  };
}

class PortWire implements Wire {
  readonly peer = 'port';
  readonly #port: MessagePort;
  readonly #onEnd: () => void;
  #events: WireEvents | undefined;
  #under = 0;
  #blocked = false;
  #paused = false;
  #isEnded = false;
  #inbox: PortMessage[] = [];

  constructor(port: MessagePort, onEnd: () => void) {
    this.#port = port;
    this.#onEnd = onEnd;
    port.on('message', (message: PortMessage) => {
      this.#inbox.push(message);
      this.#deliver();
    });
    port.on('close', () => this.#end('the other thread is gone'));
  }

  start(events: WireEvents): void {
    this.#events = events;
    setImmediate(() => this.#deliver());
  }

  write(bytes: Uint8Array): typeof KEPT | typeof BLOCKED {
    if (this.#isEnded) return KEPT;
    this.#under += bytes.byteLength;
    // The buffer is the wire's: what is longer than the bytes is not sent along.
    const part = bytes.byteLength * 2 < bytes.buffer.byteLength ? bytes.slice() : bytes;
    this.#port.postMessage({ bytes: part } satisfies PortMessage, [part.buffer as ArrayBuffer]);
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
    if (!this.#isEnded) this.#port.postMessage({ close: 'closed by the other end' } satisfies PortMessage);
    this.#end('closed');
  }

  destroy(): void {
    this.close();
  }

  #deliver(): void {
    while (this.#events && !this.#paused && !this.#isEnded) {
      const message = this.#inbox.shift();
      if (!message) return;
      if ('close' in message) this.#end(message.close);
      else if ('taken' in message) {
        this.#under -= message.taken;
        if (this.#blocked && this.#under <= WINDOW_BYTES / 2) {
          this.#blocked = false;
          this.#events.drain();
        }
      } else {
        this.#port.postMessage({ taken: message.bytes.byteLength } satisfies PortMessage);
        this.#events.data(message.bytes);
      }
    }
  }

  #end(reason: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#onEnd();
    setImmediate(() => {
      this.#port.close();
      this.#events?.down(reason);
    });
  }
}
