import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recorded, recordedNames } from '../../modelServer/recorded.ts';

const example = join(import.meta.dirname, '../../../examples/hnsw');
const names = (await recordedNames()).filter((name) =>
  /^(good-prefetch|good-visited|wrong|not-compiling|ambiguous|cheat-)/.test(name),
);

/** Each SEARCH text of a completion, with the file that it is of. */
function searches(text: string): { readonly file: string; readonly search: string }[] {
  const found: { readonly file: string; readonly search: string }[] = [];
  let file = '';
  let search: string[] | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('FILE: ')) file = line.slice('FILE: '.length);
    else if (line === '<<<<<<< SEARCH') search = [];
    else if (line === '=======' && search !== undefined) {
      found.push({ file, search: search.map((part) => `${part}\n`).join('') });
      search = undefined;
    } else search?.push(line);
  }
  return found;
}

/** How often `lines` stand in `text` as whole lines. */
function occurrences(text: string, lines: string): number {
  return `\n${text}`.split(`\n${lines}`).length - 1;
}

describe('recorded completions', () => {
  it('are there', () => {
    expect(names).toEqual([
      'ambiguous',
      'cheat-cache',
      'cheat-clock',
      'cheat-k',
      'cheat-thread',
      'good-prefetch',
      'good-visited',
      'not-compiling',
      'wrong',
    ]);
  });

  it.each(names)('%s is about lines of the example', async (name) => {
    const [text] = await recorded(name);
    const blocks = searches(text!);
    expect(blocks.length).toBeGreaterThan(0);
    expect(text!.match(/^## .*/gm)).toEqual([
      '## Performance Analysis',
      '## Algorithm Design',
      '## Code Implementation',
    ]);
    for (const { file, search } of blocks) {
      const times = occurrences(await readFile(join(example, file), 'utf8'), search);
      if (name === 'ambiguous') expect(times).toBeGreaterThan(1);
      else expect(times, search).toBe(1);
    }
  });
});
