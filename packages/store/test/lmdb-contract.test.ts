import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordStoreContract } from '../contract/index.ts';
import { createLmdbEngine } from '../src/index.ts';

recordStoreContract('LMDB', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'sparrow-store-'));
  const engine = await createLmdbEngine({ dir });
  return {
    engine,
    async close() {
      await engine.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
});
