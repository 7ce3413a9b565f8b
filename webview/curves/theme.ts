import type { CurveSeries } from '../../src/protocol/engine.ts';
import type { Theme } from '../shared/editorTheme.ts';

export function colourOf(role: CurveSeries['role'], slot: number | undefined, theme: Theme): string {
  if (slot !== undefined) return theme.palette[slot % theme.palette.length]!;
  return role === 'rejected' ? theme.muted : theme.text;
}
