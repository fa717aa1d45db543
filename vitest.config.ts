import { defineConfig } from 'vitest/config';

/** Lab tests make network namespaces and share two cores, so files run one after the other. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    // What is waited for comes late on a busy machine; who waits in vain waits longer, and that is all.
    expect: { poll: { timeout: 20_000 } },
    pool: 'forks',
  },
});
