import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/cheats/*.spec.ts'],
    // One line per cheat.
    reporters: ['verbose'],
  },
});
