// Ten million records in one file, in a process of its own: node cold-host.ts DIR RECORDS HOT_BYTES. Prints its figures as JSON.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createLmdbEngine, createRecordStore } from '@sparrow/store';
import { player, random, SCHEMA, timed } from './records-kit.ts';

const [dir = '', recordsText = '0', hotText = '0'] = process.argv.slice(2);
const records = Number(recordsText);
const engine = await createLmdbEngine({ dir });
const store = await createRecordStore({ engine, schema: SCHEMA, sweepEveryMs: 0, hotBytes: Number(hotText) });
const table = store.table('Player');
let rssAnon = 0;
const look = (): void => {
  const found = /RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  rssAnon = Math.max(rssAnon, Number(found) * 1024);
};
const timer = setInterval(look, 250);
const body = player(1);
const begun = performance.now();
for (let from = 0; from < records; from += 1_000)
  await table.batch(
    Array.from({ length: Math.min(1_000, records - from) }, (_, i) => ({
      op: 'insert' as const,
      record: { ...body, id: BigInt(from + i) },
    })),
  );
await engine.settle();
const loadSeconds = (performance.now() - begun) / 1000;
const harmonic = Math.log(records) + 0.5772;
const uniform = (): bigint => BigInt(Math.floor(random() * records));
const zipf = (): bigint =>
  BigInt((Math.min(records - 1, Math.floor(Math.exp(random() * harmonic) - 0.78)) * 7919) % records);
const read = (next: () => bigint) => timed(6_000, 1, () => table.get({ id: next() }));
await read(zipf);
const hot = await read(zipf);
const cold = await read(uniform);
const written = await timed(6_000, 64, () => table.fieldIncrease({ id: zipf() }, { gold: 1n }));
clearInterval(timer);
look();
process.stdout.write(
  `${JSON.stringify({ loadSeconds, rssAnon, fileBytes: statSync(join(dir, 'data.mdb')).size, hot, cold, written })}\n`,
);
await store.close();
await engine.close();
