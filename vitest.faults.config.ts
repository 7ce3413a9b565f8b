import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // What a user of this machine has trained must not draw the candidates of a test.
    env: { ANNSMITH_DATA: join(tmpdir(), 'annsmith-untrained') },
    include: ['test/faults/*.spec.ts'],
    // One line per seed.
    reporters: ['verbose'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // Each seed has a cache, and with it a timing lock, of its own.
    maxConcurrency: 2,
  },
});
