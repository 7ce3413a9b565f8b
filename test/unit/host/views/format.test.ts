import { describe, expect, it } from 'vitest';
import { formatEstimate, formatRatio, formatTime } from '../../../../src/host/views/model/format.ts';
import { formatBytes, formatGain, formatQps } from '../../../../src/protocol/numberText.ts';

describe('numbers', () => {
  it('are percentages with a sign, grouped by thousands, in binary units', () => {
    expect([-0.13, 0, 0.405].map(formatGain)).toEqual(['-12.2 %', '+0.0 %', '+49.9 %']);
    expect([12.34, 1000, 1_234_567.8].map(formatQps)).toEqual(['12.3', '1,000', '1,234,568']);
    expect([0, 1023, 1536, 220_000_000].map(formatBytes)).toEqual(['0 B', '1023 B', '1.5 KiB', '210 MiB']);
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
