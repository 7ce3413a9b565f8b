import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/ui/*.spec.ts'],
    // One line per step.
    reporters: ['verbose'],
    // One VS Code at a time, and no step after one that failed.
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
