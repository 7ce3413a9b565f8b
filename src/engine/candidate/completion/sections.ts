import { fenceOf, longestHeader } from './markers.ts';

export interface Sections {
  /** Text under "Performance Analysis"; empty where there is none. */
  readonly analysis: string;
  /** Text under "Algorithm Design". */
  readonly design: string;
}

/** Characters kept of a section. */
export const maxSectionLength = 8000;

const heading =
  /^\s{0,3}(?:#{1,6}\s*)?(?:\*\*|__)?\s*(?:\d+[.)]\s*)?(performance analysis|algorithm design|code implementation)\s*:?\s*(?:\*\*|__)?\s*:?\s*#*\s*$/i;

/** The first two sections of a completion's prose. The headings may have any level, case and emphasis, or none. */
export function sectionsOf(lines: readonly string[]): Sections {
  const texts = new Map<string, string[]>();
  let current: string[] | undefined;
  let fence: string | undefined;
  for (const line of lines) {
    const mark = fenceOf(line);
    if (mark && (fence === undefined || (mark.info === '' && mark.char === fence))) {
      fence = fence === undefined ? mark.char : undefined;
    }
    const isHeading = fence === undefined && line.length <= longestHeader;
    const name = isHeading ? heading.exec(line)?.[1]?.toLowerCase() : undefined;
    if (name === undefined) {
      current?.push(line);
    } else {
      current = texts.get(name) ?? [];
      texts.set(name, current);
    }
  }
  const text = (name: string): string => bounded((texts.get(name) ?? []).join('\n').trim());
  return { analysis: text('performance analysis'), design: text('algorithm design') };
}

function bounded(text: string): string {
  return text.length <= maxSectionLength ? text : `${text.slice(0, maxSectionLength - 1)}…`;
}
