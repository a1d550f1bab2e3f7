/**
 * As little of a Redis client as publish and subscribe need, so that the server is measured and not a client library. A
 * command is written once into a block that goes out whole, as a link of ours does it.
 */
import { connect } from 'node:net';

export interface RedisClient {
  publish(channel: string, bytes: Uint8Array): void;
  subscribe(channel: string, onMessage: (bytes: Uint8Array) => void): Promise<void>;
}

/** As large as a block of our links; no message of a bench is longer. */
const BLOCK_BYTES = 128 * 1024;

export async function connectRedis(port: number): Promise<RedisClient> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const handlers = new Map<string, (bytes: Uint8Array) => void>();
  const subscribed: (() => void)[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let block = Buffer.allocUnsafe(BLOCK_BYTES);
  let used = 0;
  let isScheduled = false;
  const flush = (): void => {
    isScheduled = false;
    if (used === 0) return;
    socket.write(block.subarray(0, used));
    block = Buffer.allocUnsafe(BLOCK_BYTES);
    used = 0;
  };
  /** Room for so many bytes; one write a turn, as ours. */
  const reserve = (bytes: number): void => {
    if (used + bytes > block.length) flush();
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(flush);
  };
  socket.on('data', (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    const line = (from: number): number => rest.indexOf('\r\n', from);
    for (;;) {
      const end = line(at);
      if (end < 0) break;
      if (rest[at] !== 42) {
        at = end + 2; // `:1`, the answer of a publish
        continue;
      }
      // *3 $len kind $len channel $len|:n payload
      let cursor = end + 2;
      const parts: Buffer[] = [];
      for (let part = 0; part < 3; part++) {
        const stop = line(cursor);
        if (stop < 0) break;
        if (rest[cursor] === 58) {
          parts.push(rest.subarray(cursor + 1, stop));
          cursor = stop + 2;
          continue;
        }
        const length = Number(rest.toString('latin1', cursor + 1, stop));
        if (rest.length < stop + 2 + length + 2) break;
        parts.push(rest.subarray(stop + 2, stop + 2 + length));
        cursor = stop + 2 + length + 2;
      }
      if (parts.length < 3) break;
      at = cursor;
      const [kind, channel, payload] = parts as [Buffer, Buffer, Buffer];
      if (kind[0] === 109) handlers.get(channel.toString('latin1'))?.(payload);
      else subscribed.shift()?.();
    }
    rest = rest.subarray(at);
  });
  return {
    publish(channel, bytes) {
      const head = `*3\r\n$7\r\nPUBLISH\r\n$${channel.length}\r\n${channel}\r\n$${bytes.byteLength}\r\n`;
      reserve(head.length + bytes.byteLength + 2);
      used += block.write(head, used, 'latin1');
      block.set(bytes, used);
      used += bytes.byteLength;
      block[used++] = 13;
      block[used++] = 10;
    },
    subscribe(channel, onMessage) {
      handlers.set(channel, onMessage);
      const text = `*2\r\n$9\r\nSUBSCRIBE\r\n$${channel.length}\r\n${channel}\r\n`;
      reserve(text.length);
      used += block.write(text, used, 'latin1');
      return new Promise((resolve) => subscribed.push(resolve));
    },
  };
}
