import { defineConfig } from 'vitest/config';
import { untrained } from './test/untrained.ts';

export default defineConfig({
  test: {
    env: untrained(),
    include: ['test/faults/*.spec.ts'],
    // One line per seed.
    reporters: ['verbose'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // Each seed has a cache, and with it a timing lock, of its own.
    maxConcurrency: 2,
  },
});
