/** As little of a Redis client as publish and subscribe need, so that the server is measured and not a client library. */
import { connect } from 'node:net';

export interface RedisClient {
  publish(channel: string, bytes: Uint8Array): void;
  subscribe(channel: string, onMessage: (bytes: Uint8Array) => void): Promise<void>;
}

export async function connectRedis(port: number): Promise<RedisClient> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const handlers = new Map<string, (bytes: Uint8Array) => void>();
  const subscribed: (() => void)[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let out: Buffer[] = [];
  let isScheduled = false;
  const write = (bytes: Buffer): void => {
    out.push(bytes);
    if (isScheduled) return;
    isScheduled = true;
    // One write a turn, as ours.
    setImmediate(() => {
      isScheduled = false;
      socket.write(Buffer.concat(out));
      out = [];
    });
  };
  const command = (...parts: (string | Uint8Array)[]): void => {
    const all: Buffer[] = [Buffer.from(`*${parts.length}\r\n`)];
    for (const part of parts) {
      const bytes = typeof part === 'string' ? Buffer.from(part) : Buffer.from(part);
      all.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
    }
    write(Buffer.concat(all));
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
    publish: (channel, bytes) => command('PUBLISH', channel, bytes),
    subscribe(channel, onMessage) {
      handlers.set(channel, onMessage);
      command('SUBSCRIBE', channel);
      return new Promise((resolve) => subscribed.push(resolve));
    },
  };
}
