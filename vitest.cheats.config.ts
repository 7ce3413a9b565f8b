import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // What a user of this machine has trained must not draw the candidates of a test.
    env: { ANNSMITH_DATA: join(tmpdir(), 'annsmith-untrained') },
    include: ['test/cheats/*.spec.ts'],
    // One line per cheat.
    reporters: ['verbose'],
  },
});
