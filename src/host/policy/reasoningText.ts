import type { Change } from '../../protocol/engine.ts';
import type { Localize } from '../localize.ts';

/** What a model wrote before its code, as Markdown; undefined where it wrote nothing. */
export function reasoningText(
  { title, analysis, design }: Pick<Change, 'title' | 'analysis' | 'design'>,
  l10n: Localize,
): string | undefined {
  const sections = [
    { heading: l10n.t('Analysis'), text: analysis.trim() },
    { heading: l10n.t('Algorithm design'), text: design.trim() },
  ].filter(({ text }) => text !== '');
  if (sections.length === 0) return undefined;
  return `${[`# ${title}`, ...sections.map(({ heading, text }) => `## ${heading}\n\n${text}`)].join('\n\n')}\n`;
}
