import { configDefaults, defineConfig } from 'vitest/config';
import { untrained } from './test/untrained.ts';

/** Tests that time things, or talk to processes that do: one file at a time, after the others. */
const timed = [
  'test/engine/**/*.test.ts',
  'test/cli/**/*.test.ts',
  'test/ui/**/*.test.ts',
  'test/unit/{benchmark,engine,mcp,rewards,server}/**/*.test.ts',
];

export default defineConfig({
  test: {
    env: untrained(),
    // Tests that compile or start the harness take seconds on two slow cores.
    testTimeout: 120_000,
    hookTimeout: 300_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'parallel',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...timed],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'timed', include: timed, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
