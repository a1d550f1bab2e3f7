import { connect, type Socket } from 'node:net';
import { backoff, type Phrase } from '@sparrow/core';
import { RouterError } from '../../errors.ts';
import { phrase } from '../../phrase.ts';
import { JuteReader, JuteWriter } from './jute.ts';

/** Operations of ZooKeeper's protocol that we use (ZooDefs.OpCode). */
export const OP = {
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  sync: 9,
  ping: 11,
  getChildren2: 12,
  closeSession: -11,
} as const;

/** Error codes (KeeperException.Code). */
export const ZK_ERROR = {
  noNode: -101,
  badVersion: -103,
  nodeExists: -110,
  notEmpty: -111,
} as const;

const XID_WATCH = -1;
const XID_PING = -2;
/** While no server answers it is said so often. */
const SAY_MS = 15_000;
const MAX_PACKET_BYTES = 4 * 1024 * 1024;
const MAX_WAITING = 10_000;

/** What the server answered with a code below 0. */
export class ZooKeeperReplyError extends Error {
  readonly reply: number;
  constructor(reply: number, path: string) {
    super(`ZooKeeper answers ${reply} for ${path}`);
    this.name = 'ZooKeeperReplyError';
    this.reply = reply;
  }
}

export interface SessionOptions {
  /** `host:port` of each server. */
  servers: string[];
  /** Asked for; the server may raise or lower it (default 4,000 ms). */
  sessionTimeoutMs?: number;
  /** A new session began (the first, or after one was ended by the servers). */
  onSession(): void;
  /** The servers ended our session: what was ephemeral is gone. */
  onExpired(): void;
  /** The connection is back within the same session: watches are to be set again. */
  onReconnected(): void;
  onWatch(path: string): void;
  log?: (line: string) => void;
}

interface Waiting {
  xid: number;
  path: string;
  resolve(reader: JuteReader): void;
  reject(error: Error): void;
}

/**
 * A session with a ZooKeeper ensemble: one connection at a time, to whichever server answers. Requests are answered in
 * order. It knows how long nobody can have been told that the session ended: two thirds of its timeout from when the
 * last answered ping was sent; the rest is for servers that hear of our pings from each other (every half tick).
 */
export class ZooKeeperSession {
  readonly #options: SessionOptions;
  #timeoutMs: number;
  #id = 0n;
  #password: Buffer = Buffer.alloc(16);
  #socket: Socket | undefined;
  #isConnected = false;
  #isClosed = false;
  #xid = 0;
  #waiting: Waiting[] = [];
  #input: Buffer = Buffer.alloc(0);
  #server: number;
  #attempt = 0;
  #pingSentAt = 0;
  #heardAt = 0;
  #goodFrom = Number.NEGATIVE_INFINITY;
  #pingTimer: ReturnType<typeof setInterval> | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #connectTimer: ReturnType<typeof setTimeout> | undefined;
  #connectSentAt = 0;
  /** Requests that wait for a connection. */
  #sleeping: (() => void)[] = [];
  /** Why the last connection came to nothing. */
  #reason = '';
  /** Attempts since a server answered. */
  #failures = 0;
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#timeoutMs = options.sessionTimeoutMs ?? 4_000;
    this.#server = Math.floor(Math.random() * options.servers.length);
    this.#connect();
  }

  get validUntil(): number {
    return this.#goodFrom + (this.#timeoutMs * 2) / 3;
  }
  get id(): bigint {
    return this.#id;
  }
  get isConnected(): boolean {
    return this.#isConnected;
  }
  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  /**
   * @throws ZooKeeperReplyError for a code of the server; RouterError COORDINATION_LOST when the connection fell
   * before the answer (whether it was done is unknown), or none came back within the session's timeout
   */
  async request(op: number, path: string, write: (writer: JuteWriter) => void): Promise<JuteReader> {
    if (!this.#isConnected) await this.#connected();
    if (this.#waiting.length >= MAX_WAITING) throw lost(phrase`too many requests wait`);
    const xid = (this.#xid = (this.#xid + 1) & 0x7fffffff);
    const writer = new JuteWriter().int(xid).int(op);
    write(writer);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ xid, path, resolve, reject });
      this.#socket?.write(writer.packet());
    });
  }

  #connected(): Promise<void> {
    if (this.#isClosed)
      return Promise.reject(new RouterError('CLOSED', phrase`the session was closed`, { hint: phrase`open another` }));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#sleeping = this.#sleeping.filter((one) => one !== wake);
        reject(lost(phrase`no server answers at ${this.#options.servers.join(', ')}`));
      }, this.#timeoutMs * 2);
      const wake = (): void => {
        clearTimeout(timer);
        if (this.#isConnected) resolve();
        else reject(lost(phrase`the session was closed`));
      };
      this.#sleeping.push(wake);
    });
  }

  #connect(): void {
    if (this.#isClosed) return;
    const { servers } = this.#options;
    this.#server = (this.#server + 1) % servers.length;
    const address = servers[this.#server] as string;
    const at = address.lastIndexOf(':');
    const socket = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)), noDelay: true });
    this.#socket = socket;
    this.#input = Buffer.alloc(0);
    // One server that does not answer must not use up the session's time.
    const patience = Math.max(200, this.#timeoutMs / 3);
    this.#reason = '';
    this.#connectTimer = setTimeout(() => {
      this.#reason ||= `no answer within ${Math.round(patience)} ms`;
      socket.destroy();
    }, patience);
    socket.on('connect', () => {
      this.#connectSentAt = performance.now();
      const hello = new JuteWriter()
        .int(0)
        .long(0n)
        .int(this.#options.sessionTimeoutMs ?? 4_000)
        .long(this.#id)
        .buffer(this.#password)
        .bool(false);
      socket.write(hello.packet());
    });
    socket.on('data', (chunk) => this.#onData(socket, chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#reason ||= error.code ?? error.message;
    });
    socket.once('close', () => this.#onClose(socket));
  }

  #onClose(socket: Socket): void {
    if (this.#socket !== socket) return;
    clearTimeout(this.#connectTimer);
    clearInterval(this.#pingTimer);
    const was = this.#isConnected;
    this.#isConnected = false;
    this.#socket = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(lost(phrase`the connection fell`));
    if (this.#isClosed) return;
    if (was) this.#attempt = 0;
    this.#say(was);
    // Each server once without a pause, then slower.
    const round = Math.floor(this.#attempt++ / this.#options.servers.length);
    const wait = round === 0 ? 10 : backoff(round, { baseMs: 50, maxMs: 500 });
    this.#retryTimer = setTimeout(() => this.#connect(), wait);
  }

  /** Names the servers that do not answer, when all of them were tried, and again while it lasts. */
  #say(wasConnected: boolean): void {
    const { servers, log } = this.#options;
    const server = servers[this.#server] as string;
    if (wasConnected) log?.(`ZooKeeper at ${server}: the connection fell (${this.#reason || 'closed by the server'})`);
    this.#failures = wasConnected ? 0 : this.#failures + 1;
    if (this.#failures < servers.length || performance.now() - this.#saidAt < SAY_MS) return;
    this.#saidAt = performance.now();
    const last = `${server}: ${this.#reason || 'closed by the server'}`;
    log?.(`ZooKeeper does not answer at ${servers.join(', ')} (${last}); trying on`);
  }

  #onData(socket: Socket, chunk: Buffer): void {
    if (this.#socket !== socket) return;
    this.#heardAt = performance.now();
    this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk]);
    while (this.#input.length >= 4 && this.#socket === socket) {
      const length = this.#input.readInt32BE(0);
      if (length < 0 || length > MAX_PACKET_BYTES) {
        socket.destroy();
        return;
      }
      if (this.#input.length < 4 + length) return;
      const reader = new JuteReader(this.#input.subarray(4, 4 + length));
      this.#input = this.#input.subarray(4 + length);
      if (this.#isConnected) this.#onReply(reader, socket);
      else this.#onWelcome(reader, socket);
    }
  }

  #onWelcome(reader: JuteReader, socket: Socket): void {
    reader.int();
    const timeoutMs = reader.int();
    const id = reader.long();
    const password = reader.buffer();
    if (timeoutMs <= 0) {
      this.#options.log?.('the ZooKeeper session was ended by the servers');
      this.#id = 0n;
      this.#password = Buffer.alloc(16);
      this.#goodFrom = Number.NEGATIVE_INFINITY;
      this.#attempt = 0;
      this.#options.onExpired();
      socket.destroy();
      return;
    }
    clearTimeout(this.#connectTimer);
    if (this.#failures >= this.#options.servers.length)
      this.#options.log?.(`ZooKeeper answers at ${this.#options.servers[this.#server]}`);
    this.#failures = 0;
    this.#saidAt = Number.NEGATIVE_INFINITY;
    const isNew = this.#id !== id;
    this.#id = id;
    this.#password = password;
    this.#timeoutMs = timeoutMs;
    this.#isConnected = true;
    this.#attempt = 0;
    this.#goodFrom = this.#connectSentAt;
    this.#pingSentAt = 0;
    this.#pingTimer = setInterval(() => this.#ping(socket), Math.max(50, timeoutMs / 6));
    const sleeping = this.#sleeping;
    this.#sleeping = [];
    for (const wake of sleeping) wake();
    if (isNew) this.#options.onSession();
    else this.#options.onReconnected();
  }

  #ping(socket: Socket): void {
    const now = performance.now();
    if (now - this.#heardAt > (this.#timeoutMs * 2) / 3) {
      this.#options.log?.('the ZooKeeper server is silent, trying another');
      socket.destroy();
      return;
    }
    if (this.#pingSentAt !== 0) return;
    this.#pingSentAt = now;
    socket.write(new JuteWriter().int(XID_PING).int(OP.ping).packet());
  }

  #onReply(reader: JuteReader, socket: Socket): void {
    const xid = reader.int();
    reader.long(); // zxid
    const error = reader.int();
    if (xid === XID_PING) {
      this.#goodFrom = this.#pingSentAt;
      this.#pingSentAt = 0;
    } else if (xid === XID_WATCH) {
      reader.int(); // kind of event
      reader.int(); // state
      this.#options.onWatch(reader.text());
    } else {
      const waiting = this.#waiting.shift();
      if (!waiting || waiting.xid !== xid) {
        socket.destroy(); // answers out of order: not our protocol
        waiting?.reject(lost(phrase`an answer out of order`));
      } else if (error !== 0) waiting.reject(new ZooKeeperReplyError(error, waiting.path));
      else waiting.resolve(reader);
    }
  }

  /** Ends the session: what is ephemeral goes at once. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    clearTimeout(this.#retryTimer);
    if (this.#isConnected) {
      const bye = this.request(OP.closeSession, '/', () => {});
      await Promise.race([bye.catch(() => {}), new Promise((resolve) => setTimeout(resolve, 1_000))]);
    }
    this.#isClosed = true;
    this.#goodFrom = Number.NEGATIVE_INFINITY;
    clearTimeout(this.#connectTimer);
    clearInterval(this.#pingTimer);
    this.#isConnected = false;
    this.#socket?.destroy();
    for (const wake of this.#sleeping) wake();
  }
}

function lost(message: Phrase): RouterError {
  return new RouterError('COORDINATION_LOST', phrase`ZooKeeper: ${message}`, {
    hint: phrase`are the servers running, and more than half of them linked to each other?`,
  });
}
