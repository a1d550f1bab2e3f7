import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { createId } from '@sparrow/core';
import { RouterError } from '../errors.ts';
import { phrase } from '../phrase.ts';
import { BLOCKED, KEPT, type Listener, type Transport, type Wire, type WireEvents } from './transport.ts';

/** One message carries many frames, never more bytes than this (the servers' limit is 1 MiB by default). */
const MESSAGE_BYTES = 32 * 1024;
/** Bytes that were sent and not yet confirmed by the other end before `write` says BLOCKED. */
const WINDOW_BYTES = 2 * 1024 * 1024;
const DIAL_MS = 5_000;

const DATA = 1;
const ACK = 2;
const CLOSE = 3;
const OPEN = 4;
const OPENED = 5;
/** kind u8, 3 free, sequence u32: then the bytes. */
const HEAD_BYTES = 8;

/**
 * Wires over NATS, for trunks between routers: one subject for each end, batched frames as payload. NATS forgets what
 * it cannot deliver, so messages are numbered: a gap, a closed connection or silence ends the wire, and the link above
 * is opened anew, which pulls tables again.
 */
export function createNatsTransport(options: { servers: string[]; prefix?: string }): Transport {
  const prefix = options.prefix ?? 'sparrow.trunk';
  const wires = new Map<string, NatsWire>();
  let opening: Promise<NatsConnection> | undefined;
  let isClosed = false;

  const open = (): Promise<NatsConnection> => {
    if (isClosed)
      throw new RouterError('CLOSED', phrase`the transport was closed`, { hint: phrase`create another one` });
    opening ??= connect({
      servers: options.servers,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
      timeout: DIAL_MS,
      noEcho: false,
    }).then(
      (connection) => {
        void watch(connection);
        return connection;
      },
      (cause: unknown) => {
        opening = undefined;
        throw new RouterError('ADDRESS_FAILED', phrase`cannot reach NATS at ${options.servers.join(', ')}`, {
          cause,
          hint: phrase`is nats-server running?`,
        });
      },
    );
    return opening;
  };
  async function watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      // What was under way may be lost: the wires are not what they promise any more.
      if (status.type === 'disconnect' || status.type === 'close')
        for (const wire of [...wires.values()]) wire.end('the connection to NATS fell');
    }
  }

  function hold(connection: NatsConnection, own: string, other: string): NatsWire {
    const wire: NatsWire = new NatsWire(connection, other, () => {
      wires.delete(own);
      subscription.unsubscribe();
    });
    const subscription = connection.subscribe(own, {
      callback: (error, message) => (error ? wire.end(error.message) : wire.onMessage(message)),
    });
    wires.set(own, wire);
    return wire;
  }

  return {
    async listen(address, onWire): Promise<Listener> {
      const connection = await open();
      const subject = address || `${prefix}.${createId('router')}`;
      const subscription = connection.subscribe(subject, {
        callback(error, message) {
          if (error || message.data[0] !== OPEN) return;
          const other = new TextDecoder().decode(message.data.subarray(HEAD_BYTES));
          const own = `${subject}.${createId('wire')}`;
          const wire = hold(connection, own, other);
          message.respond(packet(OPENED, 0, new TextEncoder().encode(own)));
          onWire(wire);
        },
      });
      await connection.flush();
      return { address: subject, close: async () => subscription.unsubscribe() };
    },
    async dial(address, timeoutMs = DIAL_MS) {
      const connection = await open();
      const own = `${prefix}.dial.${createId('wire')}`;
      // The subscription stands before the other side may answer.
      const wire = hold(connection, own, '');
      try {
        const answer = await connection.request(address, packet(OPEN, 0, new TextEncoder().encode(own)), {
          timeout: timeoutMs,
        });
        wire.other = new TextDecoder().decode(answer.data.subarray(HEAD_BYTES));
        return wire;
      } catch (cause) {
        wire.end('nobody answers');
        throw new RouterError('ADDRESS_FAILED', phrase`nobody listens on ${address}`, {
          cause,
          hint: phrase`is the router running?`,
        });
      }
    },
    async close() {
      isClosed = true;
      for (const wire of [...wires.values()]) wire.destroy();
      const connection = await opening?.catch(() => undefined);
      await connection?.flush().catch(() => {});
      await connection?.close();
    },
  };
}

function packet(kind: number, sequence: number, bytes: Uint8Array): Uint8Array {
  const message = new Uint8Array(HEAD_BYTES + bytes.byteLength);
  message[0] = kind;
  new DataView(message.buffer).setUint32(4, sequence, true);
  message.set(bytes, HEAD_BYTES);
  return message;
}

const NOTHING = new Uint8Array(0);

class NatsWire implements Wire {
  other: string;
  readonly #connection: NatsConnection;
  readonly #onEnd: () => void;
  #events: WireEvents | undefined;
  #sent = 0;
  #received = 0;
  #sentBytes = 0;
  #confirmedBytes = 0;
  #takenBytes = 0;
  #ackedBytes = 0;
  #blocked = false;
  #paused = false;
  #inbox: Uint8Array[] = [];
  #isEnded = false;
  #reason = '';

  constructor(connection: NatsConnection, other: string, onEnd: () => void) {
    this.#connection = connection;
    this.other = other;
    this.#onEnd = onEnd;
  }

  get peer(): string {
    return this.other;
  }

  start(events: WireEvents): void {
    this.#events = events;
    if (this.#isEnded) queueMicrotask(() => events.down(this.#reason));
    else setImmediate(() => this.#deliver());
  }

  write(bytes: Uint8Array): typeof KEPT | typeof BLOCKED {
    if (this.#isEnded) return KEPT;
    for (let from = 0; from < bytes.byteLength; from += MESSAGE_BYTES)
      this.#send(DATA, ++this.#sent, bytes.subarray(from, from + MESSAGE_BYTES));
    this.#sentBytes += bytes.byteLength;
    if (this.#sentBytes - this.#confirmedBytes <= WINDOW_BYTES) return KEPT;
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
    this.#send(CLOSE, ++this.#sent, NOTHING);
    this.end('closed');
  }

  destroy(): void {
    this.close();
  }

  end(reason: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#reason = reason;
    this.#onEnd();
    const events = this.#events;
    if (events) queueMicrotask(() => events.down(reason));
  }

  onMessage(message: Msg): void {
    const { data } = message;
    if (this.#isEnded || data.byteLength < HEAD_BYTES) return;
    const view = new DataView(data.buffer, data.byteOffset, HEAD_BYTES);
    const number = view.getUint32(4, true);
    const kind = data[0];
    if (kind === ACK) {
      this.#confirmedBytes = Math.max(this.#confirmedBytes, number * 1024);
      if (this.#blocked && this.#sentBytes - this.#confirmedBytes <= WINDOW_BYTES / 2) {
        this.#blocked = false;
        this.#events?.drain();
      }
      return;
    }
    if (number !== this.#received + 1) {
      this.#send(CLOSE, ++this.#sent, NOTHING);
      this.end(`NATS lost messages: ${number} after ${this.#received}`);
      return;
    }
    this.#received = number;
    // A copy: what the client hands over is part of a larger buffer, and frames are changed in place.
    this.#inbox.push(kind === CLOSE ? NOTHING : new Uint8Array(data.subarray(HEAD_BYTES)));
    this.#deliver();
  }

  #deliver(): void {
    while (this.#events && !this.#paused && !this.#isEnded) {
      const bytes = this.#inbox.shift();
      if (!bytes) return;
      if (bytes === NOTHING) {
        this.end('closed by the other end');
        return;
      }
      this.#takenBytes += bytes.byteLength;
      if (this.#takenBytes - this.#ackedBytes >= WINDOW_BYTES / 8) {
        this.#ackedBytes = this.#takenBytes;
        this.#send(ACK, Math.floor(this.#takenBytes / 1024), NOTHING);
      }
      this.#events.data(bytes);
    }
  }

  #send(kind: number, sequence: number, bytes: Uint8Array): void {
    if (this.other === '' || this.#connection.isClosed()) return;
    this.#connection.publish(this.other, packet(kind, sequence, bytes));
  }
}
