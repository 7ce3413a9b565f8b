import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/ui/*.spec.ts'],
    // One VS Code at a time, and no step after one that failed.
    fileParallelism: false,
    expect: { poll: { timeout: 180_000, interval: 200 } },
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
