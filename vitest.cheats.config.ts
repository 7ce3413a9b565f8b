import { defineConfig } from 'vitest/config';
import { untrained } from './test/untrained.ts';

export default defineConfig({
  test: {
    env: untrained(),
    include: ['test/cheats/*.spec.ts'],
    // One line per cheat.
    reporters: ['verbose'],
  },
});
