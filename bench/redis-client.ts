/**
 * As little of a Redis client as benches need, so that the server is measured and not a client library: a command is
 * written once into a block, what one turn asks for goes out together, and an answer is read where it stands.
 */
import { connect, type Socket } from 'node:net';

/** Values by key; answers come in the order of the commands. */
export interface RedisValues {
  set(key: string, value: Uint8Array): Promise<unknown>;
  get(key: string): Promise<Buffer | null>;
}

/** Publish and subscribe. Nobody waits for the answer of a publish. */
export interface RedisChannels {
  publish(channel: string, bytes: Uint8Array): void;
  subscribe(channel: string, onMessage: (bytes: Uint8Array) => void): Promise<void>;
}

/** As large as a block of our links; no command of a bench is longer. */
const BLOCK_BYTES = 128 * 1024;
const [LINE_END, ARRAY, BULK, MINUS] = [13, 42, 36, 45];

export async function connectRedis(address: number | string): Promise<Socket> {
  const socket = typeof address === 'number' ? connect({ port: address, noDelay: true }) : connect(address);
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return socket;
}

/** A turn's commands go out when the turn ends, as those of our SDK do. */
export function createRedisValues(socket: Socket): RedisValues {
  const write = createWriter(socket, process.nextTick);
  const waiting: (((value: Buffer | null) => void) | undefined)[] = [];
  let head = 0;
  readAnswers(socket, {
    answer(value) {
      waiting[head]?.(value);
      waiting[head++] = undefined;
      if (head <= 4096) return;
      waiting.splice(0, head);
      head = 0;
    },
  });
  const answered = (): Promise<Buffer | null> => new Promise((resolve) => waiting.push(resolve));
  return {
    set(key, value) {
      write(`*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${value.length}\r\n`, value);
      return answered();
    },
    get(key) {
      write(`*2\r\n$3\r\nGET\r\n$${key.length}\r\n${key}\r\n`);
      return answered();
    },
  };
}

/** Commands go out once a turn of the loop, as those of our links do. */
export function createRedisChannels(socket: Socket): RedisChannels {
  const write = createWriter(socket, setImmediate);
  const handlers = new Map<string, (bytes: Uint8Array) => void>();
  const subscribed: (() => void)[] = [];
  readAnswers(socket, {
    pushed([kind, channel, payload]) {
      // `message`, else `subscribe`.
      if (kind?.[0] === 109 && payload) handlers.get(channel?.toString('latin1') ?? '')?.(payload);
      else subscribed.shift()?.();
    },
  });
  return {
    publish(channel, bytes) {
      write(`*3\r\n$7\r\nPUBLISH\r\n$${channel.length}\r\n${channel}\r\n$${bytes.byteLength}\r\n`, bytes);
    },
    subscribe(channel, onMessage) {
      handlers.set(channel, onMessage);
      write(`*2\r\n$9\r\nSUBSCRIBE\r\n$${channel.length}\r\n${channel}\r\n`);
      return new Promise((resolve) => subscribed.push(resolve));
    },
  };
}

/** Writes a command, of which the last argument may be given as bytes. @param later when what was written is sent */
function createWriter(socket: Socket, later: (send: () => void) => void): (head: string, last?: Uint8Array) => void {
  let block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  let used = 0;
  let isScheduled = false;
  const send = (): void => {
    isScheduled = false;
    if (used === 0) return;
    socket.write(block.subarray(0, used));
    block = Buffer.allocUnsafe(BLOCK_BYTES);
    used = 0;
  };
  return (head, last) => {
    const bytes = head.length + (last ? last.byteLength + 2 : 0);
    if (used + bytes > block.length) send();
    if (!isScheduled) {
      isScheduled = true;
      later(send);
    }
    used += block.write(head, used, 'latin1');
    if (!last) return;
    block.set(last, used);
    used += last.byteLength;
    block[used++] = 13;
    block[used++] = 10;
  };
}

interface AnswerHandlers {
  /** A simple or bulk answer; null when there is nothing. */
  answer?(value: Buffer | null): void;
  /** An array: what was published, or that a channel was subscribed to. */
  pushed?(parts: (Buffer | null)[]): void;
}

function readAnswers(socket: Socket, { answer, pushed }: AnswerHandlers): void {
  let rest: Buffer = Buffer.alloc(0);
  let bytes: Buffer = rest;
  let at = 0;

  /** The next value, and `at` behind it; undefined when it is not whole. */
  function next(): Buffer | null | undefined {
    const line = bytes.indexOf(LINE_END, at);
    if (line < 0 || line + 2 > bytes.length) return undefined;
    const first = at + 1;
    if (bytes[at] !== BULK) {
      at = line + 2;
      return bytes.subarray(first, line);
    }
    if (bytes[first] === MINUS) {
      at = line + 2;
      return null;
    }
    const end = line + 2 + numberAt(first, line);
    if (end + 2 > bytes.length) return undefined;
    at = end + 2;
    return bytes.subarray(line + 2, end);
  }

  function numberAt(from: number, to: number): number {
    let number = 0;
    for (let i = from; i < to; i++) number = number * 10 + ((bytes[i] as number) - 48);
    return number;
  }

  /** One answer; false, and `at` where it was, when it is not whole. */
  function read(): boolean {
    const begun = at;
    const isArray = bytes[at] === ARRAY;
    const value = next();
    if (value === undefined) return false;
    if (!isArray) {
      answer?.(value);
      return true;
    }
    const parts: (Buffer | null)[] = [];
    for (let left = Number(value?.toString('latin1')); left > 0; left--) {
      const part = next();
      if (part === undefined) {
        at = begun;
        return false;
      }
      parts.push(part);
    }
    pushed?.(parts);
    return true;
  }

  socket.on('data', (chunk: Buffer) => {
    bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    at = 0;
    while (at < bytes.length && read());
    rest = bytes.subarray(at);
  });
}
