// A mover in a process of its own, so that it can be killed: node coordinator.ts META_URL MOVE STEP. It says "at STEP"
// and stands still there.
import { MOVED_TABLES } from '../../src/engines/postgres/shard-sql.ts';
import { openMetaStore } from '../../src/shards/meta-store.ts';
import { createMover } from '../../src/shards/mover.ts';

const [url = '', id = '', stop = ''] = process.argv.slice(2);
const meta = await openMetaStore({ url });
const mover = createMover({
  meta,
  tables: MOVED_TABLES,
  async onStep(_move, step) {
    if (step !== stop) return;
    process.stdout.write(`at ${step}\n`);
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  },
});
await mover.run(id);
process.exit(0);
