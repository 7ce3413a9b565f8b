import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Tests that compile or start the harness take seconds on two slow cores.
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
