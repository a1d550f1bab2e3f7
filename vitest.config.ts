import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'e2e/**/*.test.ts'],
    // Two cores: more files at once only make each other late.
    maxWorkers: 2,
    // How long a machine takes that has other work to do is no claim of a test, either.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    // Programs of ours that tests start, hundreds of them: their sources are compiled once, not each time.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/sparrow/compiled') },
    // A poll asks until it is so; how long that takes is no claim of a test.
    expect: { poll: { timeout: 60_000, interval: 50 } },
  },
});
