import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyPatch as applyText, parsePatch } from 'diff';
import { describe, expect, it } from 'vitest';
import { styleProblems } from '../../../src/engine/candidate/style/styleProblems.ts';
import type { Region } from '../../../src/protocol/module.ts';
import type { FileTexts } from '../../../src/protocol/policy.ts';
import { defaultStyleLimits } from '../../../src/protocol/style.ts';
import { hnswlib } from '../playbook/hnswlibWorkspace.ts';
import { exampleFiles, syntax } from '../playbook/rewritesWorkspace.ts';

const folder = join(import.meta.dirname, '../playbook/golden');

/** The whole of the files: goldens stay inside of the regions of their module, as other tests show. */
function regionsOf(files: FileTexts): readonly Region[] {
  return [...files].map(([file, text]) => ({
    file,
    symbol: '',
    kind: 'type',
    start: 0,
    end: text.length,
    startLine: 1,
    endLine: text.split('\n').length,
    hash: '',
  }));
}

function problemsOf(name: string): readonly string[] {
  const before: FileTexts = name.startsWith('hnswlib-') ? hnswlib.files : exampleFiles;
  const after = new Map<string, string>();
  for (const patch of parsePatch(readFileSync(join(folder, name), 'utf8'))) {
    const file = patch.newFileName ?? '';
    const text = applyText(before.get(file) ?? '', patch);
    if (text === false) throw new Error(`${name} does not apply to ${file}`);
    after.set(file, text);
  }
  expect(after.size).toBeGreaterThan(0);
  return styleProblems({ before, after, regions: regionsOf(before), syntax, limits: defaultStyleLimits }).map(
    ({ check, file, line, message }) =>
      `${check} ${file}:${line}: ${message} :: ${(after.get(file) ?? '').split('\n')[line - 1]?.trim()}`,
  );
}

/** What the gate rightly finds: from which size on huge pages pay is not said. */
const known: Readonly<Record<string, readonly RegExp[]>> = {
  'hnswlib-huge-pages.diff': [/^style-constant .*`16` .*16 \* 1024 \* 1024/],
};

describe('the rewrites of the playbook', () => {
  it.each(readdirSync(folder).filter((name) => name.endsWith('.diff')))('%s passes', (name) => {
    const problems = problemsOf(name);
    expect(problems).toEqual((known[name] ?? []).map((pattern) => expect.stringMatching(pattern)));
  });
});
