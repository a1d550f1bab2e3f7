// Writes pairs of counters in one transaction each, and prints what was acknowledged; the parent kills it. node
// writer.ts DIR FROM
import { readFileSync } from 'node:fs';
import { createLmdbEngine, createRecordStore } from '../../src/index.ts';

const [dir = '', from = '0', schema = ''] = process.argv.slice(2);
const engine = await createLmdbEngine({ dir, segmentBytes: 64 * 1024 });
const store = await createRecordStore({ engine, schema: readFileSync(schema, 'utf8'), sweepEveryMs: 0 });
let next = Number(from);
async function client(): Promise<void> {
  for (;;) {
    const id = BigInt(next++);
    await store.transaction(async (tx) => {
      await tx.insert('Pair', { id, side: 0, value: id });
      await tx.insert('Pair', { id, side: 1, value: id });
    });
    process.stdout.write(`${id}\n`);
  }
}
await Promise.all(Array.from({ length: 16 }, client));
