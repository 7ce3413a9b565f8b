import { createTwoFilesPatch } from 'diff';
import type { Change } from '../../protocol/engine.ts';

/** A change as a unified diff; empty where it changes nothing. */
export function changeDiff(files: Change['files']): string {
  return files
    .filter(({ base, text }) => base !== text)
    .map(({ file, base, text }) =>
      createTwoFilesPatch(`a/${file}`, `b/${file}`, base, text, undefined, undefined, { context: 3 }),
    )
    .map((text) => text.replace(/^=+\n/, ''))
    .join('');
}
