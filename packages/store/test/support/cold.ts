// Reads a table ten times its memory budget under a zipfian load, inside a memory cgroup that the parent made: node
// cold.ts DIR RECORDS HOT_BYTES
import { readFileSync } from 'node:fs';
import { createLmdbEngine, createRecordStore } from '../../src/index.ts';

const [dir = '', records = '0', hotBytes = '0'] = process.argv.slice(2);
const engine = await createLmdbEngine({ dir });
const store = await createRecordStore({ engine, sweepEveryMs: 0, hotBytes: Number(hotBytes) });
const table = store.table('Cold');
const count = Number(records);
const faults = (): number => Number(readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ')[9]);
let seed = 5;
const random = (): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
};
// Zipf with exponent 1 by its inverse, and ranks scattered over the keys.
const harmonic = Math.log(count) + 0.5772;
const zipf = (): bigint =>
  BigInt((Math.min(count - 1, Math.floor(Math.exp(random() * harmonic) - 0.78)) * 7919) % count);
const hotKeys = Array.from({ length: 2_000 }, (_, rank) => BigInt((rank * 7919) % count));
const p50 = async (next: () => bigint, turns: number): Promise<number> => {
  const samples: number[] = [];
  for (let i = 0; i < turns; i++) {
    const at = performance.now();
    await table.get({ id: next() });
    samples.push(performance.now() - at);
  }
  return samples.sort((a, b) => a - b)[turns >> 1] as number;
};
for (let i = 0; i < 15_000; i++) await table.get({ id: zipf() });
const before = faults();
await p50(zipf, 10_000);
const hot = await p50(() => hotKeys[Math.floor(random() * hotKeys.length)] as bigint, 30_000);
const anon = /RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
process.stdout.write(
  `${JSON.stringify({ hotP50Us: hot * 1000, majorFaults: faults() - before, rssAnonMb: Number(anon) / 1024, hotMb: ((await store.stats()).hotBytes ?? 0) / 2 ** 20 })}\n`,
);
await store.close();
await engine.close();
