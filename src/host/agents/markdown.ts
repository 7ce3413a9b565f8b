/** Texts from elsewhere (compilers, models, ledgers) in Markdown: shown as they are, whatever they contain. */

export function inlineCode(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const ticks = '`'.repeat(1 + longestRun(line));
  return line.startsWith('`') || line.endsWith('`') ? `${ticks} ${line} ${ticks}` : `${ticks}${line}${ticks}`;
}

export function fenced(text: string, language = ''): string {
  const fence = '`'.repeat(Math.max(3, 1 + longestRun(text)));
  return `${fence}${language}\n${text.replace(/\s+$/, '')}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
}

/** The first lines of a text, and how many more there are. */
export function firstLines(text: string, most: number): { readonly text: string; readonly more: number } {
  const lines = text.replace(/\n$/, '').split('\n');
  return { text: lines.slice(0, most).join('\n'), more: Math.max(0, lines.length - most) };
}
