/** What the benches of the record store share: a 500 B record, a Redis with a bare client, timing with CPU beside the clock. */
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from '@sparrow/core/process';
import { freePort } from '@sparrow/testkit';

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

/** Runs `once` again and again for about `ms`, `lanes` at a time; `each` operations in one call. */
export async function timed(ms: number, lanes: number, once: () => unknown, each = 1): Promise<Timed> {
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

/** A Redis and the barest client there can be: no library stands between it and its figures. */
export async function startRedis(appendfsync: 'everysec' | 'always'): Promise<{
  call(...words: (string | Uint8Array)[]): Promise<Buffer | null>;
  close(): Promise<void>;
}> {
  const dir = mkdtempSync(join(tmpdir(), 'sparrow-redis-'));
  const port = await freePort();
  const child = await startChild(
    'redis-server',
    [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      dir,
      '--appendonly',
      'yes',
      '--appendfsync',
      appendfsync,
      '--save',
      '',
    ],
    { stdio: 'ignore' },
  );
  let socket: net.Socket | undefined;
  for (let i = 0; i < 100 && !socket; i++)
    socket = await new Promise<net.Socket | undefined>((resolve) => {
      const next = net.connect(port, '127.0.0.1', () => resolve(next));
      next.once('error', () => setTimeout(() => resolve(undefined), 50));
    });
  if (!socket) throw new Error('Redis does not answer');
  const open = socket;
  open.setNoDelay(true);
  const waiting: ((value: Buffer | null) => void)[] = [];
  let head = 0;
  let rest: Buffer = Buffer.alloc(0);
  let out: Buffer[] = [];
  open.on('data', (chunk: Buffer) => {
    const bytes = rest.length ? Buffer.concat([rest, chunk]) : chunk;
    let at = 0;
    for (;;) {
      const line = bytes.indexOf('\r\n', at);
      if (line < 0) break;
      let value: Buffer | null = bytes.subarray(at + 1, line);
      let next = line + 2;
      if (bytes[at] === 36) {
        const size = Number(value.toString('latin1'));
        if (size < 0) value = null;
        else {
          if (bytes.length < next + size + 2) break;
          value = bytes.subarray(next, next + size);
          next += size + 2;
        }
      }
      at = next;
      (waiting[head] as (value: Buffer | null) => void)(value);
      waiting[head++] = undefined as never;
      if (head > 4096) {
        waiting.splice(0, head);
        head = 0;
      }
    }
    rest = bytes.subarray(at);
  });
  return {
    call(...words) {
      const parts: Buffer[] = [Buffer.from(`*${words.length}\r\n`)];
      for (const word of words) {
        const body = typeof word === 'string' ? Buffer.from(word) : Buffer.from(word);
        parts.push(Buffer.from(`$${body.length}\r\n`), body, Buffer.from('\r\n'));
      }
      // Calls of one turn go out together: pipelining.
      if (out.length === 0)
        queueMicrotask(() => {
          const frames = out;
          out = [];
          open.write(Buffer.concat(frames));
        });
      out.push(Buffer.concat(parts));
      return new Promise((resolve) => waiting.push(resolve));
    },
    async close() {
      open.destroy();
      await child.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
