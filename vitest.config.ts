import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Tests of functions: none takes a port, a name or a namespace that another could want, so as many files run at once as there are cores. */
const functions = ['api', 'architecture', 'attestation', 'codec', 'collectors', 'detection', 'export', 'gateway', 'golden', 'inventory']
  .concat(['journal', 'judge', 'limbo', 'model', 'policy', 'probing', 'quarantine', 'edge/store', 'edge/verify'])
  .map(folder => `test/${folder}/**/*.test.ts`);

const shared = {
  testTimeout: 180_000,
  hookTimeout: 300_000,
  teardownTimeout: 60_000,
  // What is waited for comes late on a busy machine; who waits in vain waits longer, and that is all.
  expect: { poll: { timeout: 60_000 } },
  pool: 'forks',
} as const;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'functions',
          include: functions,
          maxWorkers: availableParallelism(),
          // No file leaves anything behind for the next, and to load all modules anew for each takes longer than most of them.
          isolate: false,
          // Who measures memory lets go first of what the files before it left.
          execArgv: ['--expose-gc'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          name: 'machine',
          globalSetup: './test/compile-cache.ts',
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
