import { startPostgres } from '@sparrow/testkit';
import { recordStoreContract } from '../contract/index.ts';
import { createShardsEngine } from '../src/engines/postgres/open-shards.ts';

recordStoreContract('one PostgreSQL shard', async () => {
  const server = await startPostgres();
  const engine = await createShardsEngine({ meta: server.url, shards: [{ id: 's0', url: server.url }] });
  return {
    engine,
    async close() {
      await engine.close();
      await server.close();
    },
  };
});
