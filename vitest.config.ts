import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Tests of functions: none takes a port, a name or a namespace that another could want, so as many files run at once as there are cores. */
const functions = ['architecture', 'attestation', 'codec', 'collectors', 'detection', 'export', 'inventory', 'journal', 'judge', 'limbo']
  .concat(['model', 'policy', 'probing', 'quarantine'])
  .map(folder => `test/${folder}/**/*.test.ts`);

const shared = {
  testTimeout: 60_000,
  hookTimeout: 120_000,
  teardownTimeout: 20_000,
  // What is waited for comes late on a busy machine; who waits in vain waits longer, and that is all.
  expect: { poll: { timeout: 20_000 } },
  pool: 'forks',
} as const;

export default defineConfig({
  test: {
    projects: [
      { test: { ...shared, name: 'functions', include: functions, maxWorkers: availableParallelism(), sequence: { groupOrder: 0 } } },
      {
        test: {
          ...shared,
          name: 'machine',
          include: ['test/**/*.test.ts'],
          exclude: functions,
          // These make network namespaces and share two cores, so files run one after the other.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
