import { describe, expect, it } from 'vitest';
import * as cli from '../../../../src/cli/table.ts';
import {
  formatBytes,
  formatEstimate,
  formatGain,
  formatQps,
  formatRatio,
  formatTime,
} from '../../../../src/host/views/model/format.ts';

describe('numbers', () => {
  it('look as they do on the command line', () => {
    for (const value of [-2, -0.13, -0.0001, 0, 0.405, 1.7])
      expect(formatGain(value)).toBe(cli.formatGain(value));
    for (const value of [0, 12.34, 999.96, 1000, 1_234_567.8])
      expect(formatQps(value)).toBe(cli.formatQps(value));
    for (const value of [0, 1023, 1536, 220_000_000]) expect(formatBytes(value)).toBe(cli.formatBytes(value));
  });

  it('have intervals with signs', () => {
    expect(formatEstimate({ value: 0.01, low: -0.02, high: 0.04 })).toBe('+1.0 % (-2.0 .. +4.1)');
    expect(formatRatio({ value: 1.823, low: 1.79, high: 1.85 })).toBe('1.82 x (1.79 .. 1.85)');
  });

  it('are local times, not relative ones', () => {
    expect(formatTime(new Date(2026, 11, 3, 4, 5).toISOString())).toBe('2026-12-03 04:05');
    expect(formatTime('yesterday')).toBe('yesterday');
  });
});
