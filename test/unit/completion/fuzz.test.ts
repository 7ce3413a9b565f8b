import { describe, expect, it } from 'vitest';
import { unifiedDiff } from '../../../src/engine/candidate/patch.ts';
import { seededRandom } from '../../../src/engine/random.ts';
import { edited, files, parse, regions, regionText, search } from './exampleModule.ts';

/**
 * Mutated answers are parsed and, where files come of them, the files are made again from what stands literally in the
 * answer, by code that shares nothing with the parser.
 */

const lines = (symbol: string, from: number, count: number): string[] =>
  regionText(symbol)
    .split('\n')
    .slice(from, from + count);

function block(find: readonly string[], replace: readonly string[]): string {
  return ['<<<<<<< SEARCH', ...find, '=======', ...replace, '>>>>>>> REPLACE'].join('\n');
}

const reset = lines('CandidatePool', 3, 4);
const push = lines('CandidatePool', 15, 6);
const visited = lines('VisitedSet', 6, 4);
const distance = 'include/hnsw/distance.h';
const prose =
  '## Performance Analysis\nMemory is slow.\n\n## Algorithm Design\nLess of it.\n\n## Code Implementation\n';
const corpus: readonly string[] = [
  `${prose}FILE: ${search}\n${block(reset, [...reset, '  // more'])}\n`,
  `${prose}FILE: ${search}\n\`\`\`cpp\n${block(reset, reset.slice(1))}\n${block(push, ['  // gone'])}\n\`\`\`\nThe end.\n`,
  `FILE: ${search}\n~~~\n${block(visited, [])}\n~~~\n\nFILE: ${distance}\n\`\`\`cpp\n${block(['namespace hnsw {'], ['namespace hnsw {', 'class Q;'])}\n\`\`\`\n`,
  `**FILE:** \`${search}\`\n**REGION:** \`CandidatePool\`\n\`\`\`cpp\n${regionText('CandidatePool').replace('ef_ = ef;', 'ef_ = ef + 1;')}\n\`\`\`\n`,
  `${prose}FILE: ${distance}\nREGION: ExactDistance\n\`\`\`\`\n${regionText('ExactDistance')}  // same\n\`\`\`\`\n\nFILE: ${search}\n${block(push, push.slice(2))}\n`,
  `\`\`\`\`markdown\n${prose}FILE: ${search}\n\`\`\`cpp\n${block(reset, ['  void Reset(std::size_t ef) {'])}\n\`\`\`\n\`\`\`\`\n`,
  `FILE: ${search}\n\`\`\`cpp\n${block(push, ['x'])}\n\`\`\`\nFILE: include/hnsw/storage.h\nREGION: #includes\n\`\`\`cpp\n#include <array>\n#include <new>\n\`\`\`\n`,
  `FILE: ${search}\r\n${block(reset, push).replaceAll('\n', '\r\n')}\r\n`,
  `So:\n\`\`\`diff\n${unifiedDiff(files, new Map([[search, edited(search, '    pool_.Reset(ef);', '    pool_.Reset(ef + 1);')]]))}\`\`\`\n`,
];

const pieces: readonly string[] = [
  '<<<<<<< SEARCH',
  '=======',
  '>>>>>>> REPLACE',
  '```',
  '```cpp',
  '~~~',
  '````',
  `FILE: ${search}`,
  `FILE: ${distance}`,
  'REGION: CandidatePool',
  'REGION: VisitedSet',
  '',
  '}',
  ' public:',
  '  bool full() const {',
  'FILE: ../x.h',
  '<think>',
  '</think>',
  '```diff',
  '@@ -1,1 +1,1 @@',
];

function mutate(text: string, next: () => number): string {
  const below = (n: number): number => Math.floor(next() * n);
  const all = text.split('\n');
  const at = below(all.length);
  const other = below(all.length);
  switch (below(10)) {
    case 0:
      all.splice(at, 1 + below(2));
      break;
    case 1:
      all.splice(other, 0, ...all.slice(at, at + 1 + below(8)));
      break;
    case 2:
      [all[at], all[other]] = [all[other] ?? '', all[at] ?? ''];
      break;
    case 3: {
      const line = all[at] ?? '';
      const place = below(line.length + 1);
      all[at] = line.slice(0, place) + '<>=`~# x:/\\.}'.charAt(below(13)) + line.slice(place + below(2));
      break;
    }
    case 4:
      return text.slice(0, below(text.length + 1));
    case 5:
      all.splice(at, 0, pieces[below(pieces.length)] ?? '');
      break;
    case 6:
      all[at] = `${' '.repeat(below(4))}${all[at]}${' '.repeat(below(3))}`;
      break;
    case 7:
      return text + corpus[below(corpus.length)];
    case 8: {
      const marks = all.flatMap((line, i) =>
        /^\s*(?:[<>=]{7}|```|~~~|.*(?:FILE|REGION))/.test(line) ? [i] : [],
      );
      const mark = marks[below(marks.length)] ?? 0;
      if (below(2) === 0) all.splice(mark, 1);
      else all.splice(mark, 0, all[mark] ?? '');
      break;
    }
    default:
      all[at] = pieces[below(pieces.length)] ?? '';
  }
  return all.join('\n');
}

/** Every place of `part` as whole lines of `whole`, by characters. */
function places(whole: string, part: string): number[] {
  const found: number[] = [];
  for (let at = whole.indexOf(part); at >= 0; at = whole.indexOf(part, at + 1)) {
    const begins = at === 0 || whole[at - 1] === '\n';
    const ends = at + part.length === whole.length || whole[at + part.length] === '\n';
    if (begins && ends) found.push(at);
  }
  return found;
}

/** `file` with the pieces replaced, or why it cannot be told what it would be. */
function expectation(answer: string): ReadonlyMap<string, string> | string {
  const text = answer.replaceAll('\r\n', '\n').replace(/^\s*<think>[\s\S]*?<\/think>/, '');
  const changes: { file: string; start: number; end: number; to: string }[] = [];
  const named = (before: string): string => {
    const all = [...before.matchAll(/^.*?FILE:\**[ ]*`?([^\s`]+)`?\**[ ]*$|^[ ]*(include\/\S+\.h)[ ]*$/gm)];
    return (all.at(-1)?.[1] ?? all.at(-1)?.[2] ?? '').replace(/^(\.\/)+/, '');
  };
  const edits =
    /^\s*?<{5,9}[ \t]*SEARCH[ \t\r]*\n([\s\S]*?)^[ \t]*={5,9}[ \t\r]*\n([\s\S]*?)^[ \t]*>{5,9}[ \t]*REPLACE[ \t\r]*$/gm;
  const outside = text.replace(edits, (all) => all.replace(/[^\n]/g, ' '));
  for (const match of text.matchAll(edits)) {
    const file = named(outside.slice(0, match.index));
    const saved = files.get(file);
    if (saved === undefined) return `no file ${file}`;
    const find = (match[1] ?? '').replace(/\n$/, '');
    const to = match[2] ?? '';
    let [at, ...others] = places(saved, find);
    let length = find.length;
    if (at === undefined) {
      // Nothing in the example ends in space, so only the answer's may.
      const bare = find.replace(/[ \t\r]+$/gm, '');
      [at, ...others] = places(saved, bare);
      length = bare.length;
    }
    if (at === undefined || others.length > 0)
      return `SEARCH stands ${others.length + (at === undefined ? 0 : 1)} times`;
    if (find !== to.replace(/\n$/, '')) changes.push({ file, start: at, end: at + length + 1, to });
  }
  const whole =
    /^.*?REGION:\**[ ]*`?([^\n`]*?)`?\**[ ]*\n\s*?^[ ]*([`~]{3,})[^\n`]*\n([\s\S]*?)^[ ]*\2[`~]*[ ]*$/gm;
  const inFence = /^.*?REGION:\**[ ]*`?([^\n`]*?)`?\**[ ]*\n(?!\s*[`~]{3})([\s\S]*?)^[ ]*[`~]{3,}[ ]*$/gm;
  const found = [...outside.matchAll(whole)].map((m) => [m.index, m[1], m[3]] as const);
  const inside = [...outside.matchAll(inFence)].map((m) => [m.index, m[1], m[2]] as const);
  for (const [index, symbol, body] of [...found, ...inside]) {
    const file = named(outside.slice(0, index));
    const region = regions.find((each) => each.file === file && each.symbol === symbol);
    if (!region) return `no region ${symbol} in ${file}`;
    changes.push({ file, start: region.start, end: region.end, to: (body ?? '').trim() });
  }
  for (const match of outside.matchAll(/^\s*(```+|~~~+)diff\s*\n([\s\S]*?)^[ ]*\1/gm)) {
    // A fence of that name may hold SEARCH/REPLACE blocks, which are blanked here.
    if (!/^@@ /m.test(match[2] ?? '')) continue;
    let file = named(outside.slice(0, match.index));
    let offset = 0;
    for (const line of (match[2] ?? '').split('\n')) {
      const name = /^\+\+\+ b\/(.*)/.exec(line)?.[1];
      const hunk = /^@@ -(\d+)/.exec(line);
      if (name !== undefined) file = name;
      else if (hunk) {
        const saved = files.get(file) ?? '';
        offset =
          saved
            .split('\n')
            .slice(0, Number(hunk[1]) - 1)
            .join('\n').length + 1;
      } else if (/^[-+ ](?!--|\+\+)/.test(line)) {
        const saved = files.get(file) ?? '';
        const to = line.startsWith('+') ? `${line.slice(1)}\n` : '';
        if (!line.startsWith('+') && !saved.startsWith(`${line.slice(1)}\n`, offset))
          return 'the diff is not exact';
        const end = line.startsWith('+') ? offset : offset + line.length;
        if (!line.startsWith(' ')) changes.push({ file, start: offset, end, to });
        offset = end;
      }
    }
  }
  const result = new Map<string, string>();
  for (const file of new Set(changes.map((change) => change.file))) {
    const saved = files.get(file) ?? '';
    const own = changes
      .filter((change) => change.file === file)
      .sort((a, b) => a.start - b.start || a.end - b.end);
    let made = '';
    let at = 0;
    for (const { start, end, to } of own) {
      if (start < at) return `overlap in ${file}`;
      made += saved.slice(at, start) + to;
      at = end;
    }
    made += saved.slice(at);
    if (made !== saved) result.set(file, made);
  }
  return result;
}

describe('mutated completions', () => {
  it('starts from answers that apply', () => {
    for (const text of corpus) {
      const { outcome } = parse(text);
      expect(outcome.kind === 'files' ? outcome.files : outcome.detail, text).toEqual(expectation(text));
    }
  });

  it('never throw and never apply wrongly', { timeout: 60_000 }, () => {
    const random = seededRandom(5);
    const next = (): number => random.next();
    const wrong: string[] = [];
    const count = { files: 0, 'does-not-parse': 0, 'does-not-apply': 0 };
    for (let i = 0; i < 10_000; ++i) {
      let text = corpus[i % corpus.length] ?? '';
      for (let left = 1 + Math.floor(next() * 4); left > 0; --left) text = mutate(text, next);
      const { outcome } = parse(text);
      if (outcome.kind === 'rejected') {
        ++count[outcome.reason];
        expect(outcome.detail.length).toBeGreaterThan(10);
        continue;
      }
      ++count.files;
      const expected = expectation(text);
      // Comparing first keeps ten thousand texts out of the matcher.
      const same =
        typeof expected !== 'string' &&
        expected.size === outcome.files.size &&
        [...expected].every(([file, made]) => outcome.files.get(file) === made);
      if (!same)
        wrong.push(
          `${text}\n--- should give ${typeof expected === 'string' ? expected : [...expected.keys()]}`,
        );
    }
    expect(wrong.slice(0, 3)).toEqual([]);
    // All three ends are met often, or the mutations would test little.
    for (const [end, times] of Object.entries(count)) expect(times, end).toBeGreaterThan(500);
  });
});
