/**
 * What the benches of the record store share: a 500 B record, a Redis with a lean client, timing with CPU beside the
 * clock.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from '@sparrow/core/process';
import { connectRedis, createRedisValues, type RedisValues } from './redis-client.ts';

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

export interface BenchRedis extends RedisValues {
  close(): Promise<void>;
}

/** A Redis on a Unix socket, as the record service is on one, and a lean client. */
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
  let socket: Socket | undefined;
  for (let i = 0; i < 100 && !socket; i++) socket = await connectRedis(path).catch(() => sleep(50, undefined));
  if (!socket) throw new Error('Redis does not answer');
  const own = socket;
  return {
    ...createRedisValues(own),
    async close() {
      own.destroy();
      await child.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
