import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/ui/*.spec.ts'],
    // One line per step.
    reporters: ['verbose'],
    // One VS Code at a time, and no step after one that failed.
    fileParallelism: false,
    expect: { poll: { timeout: 60_000, interval: 200 } },
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
