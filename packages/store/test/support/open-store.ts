// Opens a store and reads every record of it; prints how many, or the code of the error. node open-store.ts DIR [read]
import { createLmdbEngine, createRecordStore, StoreError } from '../../src/index.ts';

const [dir = '', mode = ''] = process.argv.slice(2);
try {
  const engine = await createLmdbEngine({ dir, readOnly: mode === 'read' });
  const store = await createRecordStore({ engine, shared: mode === 'read', sweepEveryMs: 0 });
  let count = 0;
  for (const name of store.schema.tables.keys())
    for (let cursor: string | undefined, first = true; first || cursor; first = false) {
      const page = await store.table(name).traverse({ limit: 1000, ...(cursor ? { cursor } : {}) });
      count += page.records.length;
      cursor = page.cursor;
    }
  process.stdout.write(`records ${count}\n`);
  await store.close();
  await engine.close();
} catch (error) {
  process.stdout.write(`error ${error instanceof StoreError ? error.code : String(error)}\n`);
}
process.exit(0);
