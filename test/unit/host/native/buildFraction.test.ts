import { describe, expect, it } from 'vitest';
import { buildFraction } from '../../../../src/host/native/buildFraction.ts';

describe('buildFraction', () => {
  it.each([
    ['[3/40] Building CXX object core/CMakeFiles/annsmith_core.dir/parallel.cc.o', 3 / 40],
    ['[ 12%] Building CXX object core/CMakeFiles/annsmith_core.dir/parallel.cc.o', 0.12],
    ['[100%] Built target annsmith-harness', 1],
    ['-- Configuring done (0.4s)', undefined],
    ['file.cc:12:3: warning: [3/40]', undefined],
  ])('%s', (line, fraction) => {
    expect(buildFraction(line)).toBe(fraction);
  });
});
