/** What the benches of the record store share: a 500 B record, a Redis with a lean client, timing with CPU beside the clock. */
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from '@sparrow/core/process';

export const SCHEMA = `syntax = "proto3";
package bench;
message Player {
  option (tcaplusservice.tcaplus_primary_key) = "id";
  int64 id = 1; string name = 2; int32 level = 3; int64 gold = 4; uint32 zone = 5; double rating = 6; bool online = 7; sint32 mood = 8;
  string title = 9; repeated uint32 items = 10; Stats stats = 11; bytes avatar = 12; int64 guild = 13; fixed64 seen = 14; string note = 15; uint32 flags = 16;
  message Stats { uint32 wins = 1; uint32 losses = 2; uint32 draws = 3; }
}`;

let seed = 42;
export function random(): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
}

/** About 500 bytes, most of them incompressible. */
export function player(id: number): Record<string, unknown> {
  const avatar = new Uint8Array(355);
  for (let i = 0; i < avatar.length; i++) avatar[i] = Math.floor(random() * 256);
  return {
    id: BigInt(id),
    name: `player-${id}`,
    level: id % 100,
    gold: BigInt(id) * 1000n,
    zone: id % 16,
    rating: id / 7,
    online: id % 2 === 0,
    mood: -(id % 5),
    title: 'Knight of the long wooden table',
    items: [1, 2, 3, 500, 70_000],
    stats: { wins: id % 1000, losses: 3, draws: 1 },
    avatar,
    guild: 77n,
    seen: 1_700_000_000_000n,
    note: 'the quick brown fox jumps over the lazy dog',
    flags: 3,
  };
}

export interface Timed {
  /** Operations a second. */
  rate: number;
  /** CPU of this process, µs an operation. */
  cpu: number;
  p50: number;
  p99: number;
}

export interface Timing {
  /** Operations in one call. Default 1. */
  each?: number;
  /** What was put off until later, done within the time of who put it off. */
  settle?: () => Promise<unknown>;
}

/** Runs `once` again and again for about `ms`, `lanes` at a time. */
export async function timed(ms: number, lanes: number, once: () => unknown, timing: Timing = {}): Promise<Timed> {
  const { each = 1, settle } = timing;
  const cpu = process.cpuUsage();
  const started = performance.now();
  const end = started + ms;
  const samples: number[] = [];
  let count = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() < end) {
      const at = performance.now();
      const result = once();
      if (result instanceof Promise) await result;
      count++;
      if (samples.length < 200_000) samples.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  await settle?.();
  const seconds = (performance.now() - started) / 1000;
  const used = process.cpuUsage(cpu);
  samples.sort((a, b) => a - b);
  const at = (share: number): number => samples[Math.min(samples.length - 1, Math.floor(samples.length * share))] ?? 0;
  return {
    rate: (count * each) / seconds,
    cpu: (used.user + used.system) / (count * each),
    p50: at(0.5),
    p99: at(0.99),
  };
}

export interface BenchRedis {
  set(key: string, value: Uint8Array): Promise<unknown>;
  get(key: string): Promise<Buffer | null>;
  close(): Promise<void>;
}

/**
 * A Redis on a Unix socket, as the record service is on one, and the leanest client there can be: a command is written
 * once into a block, what one turn asks for goes out together, and an answer is read where it stands.
 */
export async function startRedis(appendfsync: 'everysec' | 'always'): Promise<BenchRedis> {
  const dir = mkdtempSync(join(tmpdir(), 'sparrow-redis-'));
  const path = join(dir, 'redis.sock');
  const child = await startChild(
    'redis-server',
    [
      ...['--port', '0', '--unixsocket', path, '--dir', dir, '--save', ''],
      ...['--appendonly', 'yes', '--appendfsync', appendfsync],
    ],
    { stdio: 'ignore' },
  );
  let socket: net.Socket | undefined;
  for (let i = 0; i < 100 && !socket; i++)
    socket = await new Promise<net.Socket | undefined>((resolve) => {
      const next = net.connect(path, () => resolve(next));
      next.once('error', () => setTimeout(() => resolve(undefined), 50));
    });
  if (!socket) throw new Error('Redis does not answer');
  return { ...createRedisCalls(socket), close: () => endRedis(socket, child, dir) };
}

async function endRedis(socket: net.Socket, child: { stop(): Promise<unknown> }, dir: string): Promise<void> {
  socket.destroy();
  await child.stop();
  rmSync(dir, { recursive: true, force: true });
}

const BLOCK_BYTES = 128 * 1024;
const DOLLAR = 36;

function createRedisCalls(socket: net.Socket): Pick<BenchRedis, 'set' | 'get'> {
  let block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  let used = 0;
  let scheduled = false;
  const waiting: (((value: Buffer | null) => void) | undefined)[] = [];
  let head = 0;
  let rest: Buffer = Buffer.alloc(0);

  function flush(): void {
    scheduled = false;
    if (used === 0) return;
    socket.write(block.subarray(0, used));
    block = Buffer.allocUnsafe(BLOCK_BYTES);
    used = 0;
  }

  /** Room for a command; all of one turn go out together, as those of our SDK do. */
  function reserve(bytes: number): Promise<Buffer | null> {
    if (used + bytes > block.length) flush();
    if (!scheduled) {
      scheduled = true;
      process.nextTick(flush);
    }
    return new Promise((resolve) => waiting.push(resolve));
  }

  function answer(value: Buffer | null): void {
    waiting[head]?.(value);
    waiting[head++] = undefined;
    if (head <= 4096) return;
    waiting.splice(0, head);
    head = 0;
  }

  socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let at = 0;
    for (;;) {
      const line = bytes.indexOf(13, at);
      if (line < 0 || line + 2 > bytes.length) break;
      if (bytes[at] !== DOLLAR) {
        answer(bytes.subarray(at + 1, line));
        at = line + 2;
        continue;
      }
      let size = 0;
      for (let i = at + 1; i < line; i++) size = size * 10 + ((bytes[i] as number) - 48);
      // `$-1` stands for nothing.
      if (bytes[at + 1] === 45) {
        answer(null);
        at = line + 2;
        continue;
      }
      const end = line + 2 + size;
      if (end + 2 > bytes.length) break;
      answer(bytes.subarray(line + 2, end));
      at = end + 2;
    }
    rest = bytes.subarray(at);
  });

  return {
    set(key, value) {
      const text = `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${value.length}\r\n`;
      const done = reserve(text.length + value.length + 2);
      used += block.write(text, used, 'latin1');
      block.set(value, used);
      used += value.length;
      block[used++] = 13;
      block[used++] = 10;
      return done;
    },
    get(key) {
      const text = `*2\r\n$3\r\nGET\r\n$${key.length}\r\n${key}\r\n`;
      const done = reserve(text.length);
      used += block.write(text, used, 'latin1');
      return done;
    },
  };
}
