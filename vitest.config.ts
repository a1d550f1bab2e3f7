import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'e2e/**/*.test.ts'],
    // Two cores: more files at once only make each other late.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // A poll asks until it is so; how long that takes is no claim of a test.
    expect: { poll: { timeout: 15_000, interval: 50 } },
  },
});
