import { describe, expect, it } from 'vitest';
import { maxCompletionLength } from '../../../src/engine/candidate/completion/parseCompletion.ts';
import { maxBlocks } from '../../../src/engine/candidate/completion/readBlocks.ts';
import { maxSectionLength } from '../../../src/engine/candidate/completion/sections.ts';
import { unifiedDiff } from '../../../src/engine/candidate/patch.ts';
import { edited, files, parse, regionText, search } from './exampleModule.ts';

const from = '    const float d = distance(id);';
const line = '        const float d = distance(id);';
const newLine = '        const auto d = distance(id);';
const expected = edited(search, line, newLine);
const block = (find: string, replace: string): string =>
  `<<<<<<< SEARCH\n${find}\n=======\n${replace}${replace === '' ? '' : '\n'}>>>>>>> REPLACE\n`;
const good = block(line, newLine);

function filesOf(text: string, texts = files): Record<string, string> {
  const { outcome } = parse(text, texts);
  if (outcome.kind !== 'files') throw new Error(`${outcome.reason}: ${outcome.detail}`);
  return Object.fromEntries(outcome.files);
}

function refusal(text: string, texts = files): string {
  const { outcome } = parse(text, texts);
  return outcome.kind === 'files' ? 'applied' : `${outcome.reason}: ${outcome.detail}`;
}

describe('forms of SEARCH/REPLACE', () => {
  it.each([
    ['bare', `FILE: ${search}\n${good}`],
    ['in a fence', `FILE: ${search}\n\`\`\`cpp\n${good}\`\`\`\n`],
    ['in a fence with its header', `\`\`\`\nFILE: ${search}\n${good}\`\`\`\n`],
    ['in a longer fence', `FILE: ${search}\n\`\`\`\`\`cpp\n${good}\`\`\`\`\`\n`],
    ['in a fence closed by a shorter one', `FILE: ${search}\n\`\`\`\`cpp\n${good}\`\`\`\nDone.\n`],
    ['in tildes', `FILE: ${search}\n~~~c++\n${good}~~~\n`],
    ['a fence in a fence', `\`\`\`\`markdown\nFILE: ${search}\n\`\`\`cpp\n${good}\`\`\`\n\`\`\`\`\n`],
    ['CRLF', `FILE: ${search}\n${good}`.replaceAll('\n', '\r\n')],
    ['bold', `**FILE:** \`${search}\`\n\n${good}`],
    ['bold whole', `**File: ${search}**\n${good}`],
    ['a heading', `### File: \`${search}\`\n${good}`],
    ['dot slash', `FILE: ./${search}\n${good}`],
    ['the line before the fence', `Change this:\n\n**\`${search}\`**\n\`\`\`cpp\n${good}\`\`\`\n`],
    ['the line before the block', `\`\`\`cpp\n${search}\n${good}\`\`\`\n`],
    ['the info string', `\`\`\`cpp ${search}\n${good}\`\`\`\n`],
    ['the info string alone', `\`\`\`${search}\n${good}\`\`\`\n`],
    ['an info string with a colon', `\`\`\`cpp:${search}\n${good}\`\`\`\n`],
    ['a comment in the fence', `\`\`\`cpp\n// FILE: ${search}\n${good}\`\`\`\n`],
    ['a diff fence', `FILE: ${search}\n\`\`\`diff\n${good}\`\`\`\n`],
    ['indented markers', `FILE: ${search}\n${good.replace(/^(?=[<=>])/gm, '  ')}`],
    [
      'prose around',
      `I think so.\n\nFILE: ${search}\nThe loop:\n${good}\nThat is all: a \`=====\` b.\n=====\n`,
    ],
    ['thoughts first', `<think>\n${block('wrong', 'draft')}</think>\nFILE: ${search}\n${good}`],
    ['sample code in the prose', `Now it reads:\n\`\`\`cpp\nfloat d;\n\`\`\`\nFILE: ${search}\n${good}`],
  ])('%s', (_, text) => {
    expect(filesOf(text)).toEqual({ [search]: expected });
  });

  it('takes several blocks and files, in any order, all against the saved text', () => {
    const other = 'include/hnsw/distance.h';
    const text = `FILE: ${other}\n${block('#include <cstddef>', '#include <array>\n#include <cstddef>')}FILE: ${search}\n${good}`;
    expect(filesOf(text)).toEqual({
      [search]: expected,
      [other]: edited(other, '#include <cstddef>', '#include <array>\n#include <cstddef>'),
    });
    const swapped = `FILE: ${search}\n${good}${block('    current_ = 1;', '    current_ = Tag{1};')}`;
    expect(filesOf(swapped)[search]).toBe(expected.replace('    current_ = 1;', '    current_ = Tag{1};'));
  });

  it('deletes lines where REPLACE is empty', () => {
    expect(filesOf(`FILE: ${search}\n${block('    pool_.Reset(ef);', '')}`)[search]).toBe(
      edited(search, '    pool_.Reset(ef);\n', ''),
    );
  });

  it('keeps the line ends of the file, and a last line without one', () => {
    const crlf = new Map([['a.h', 'int a;\r\nint b;\r\nint c;\r\n']]);
    expect(filesOf(`FILE: a.h\n${block('int b;', 'int x;\nint y;')}`, crlf)).toEqual({
      'a.h': 'int a;\r\nint x;\r\nint y;\r\nint c;\r\n',
    });
    const open = new Map([['a.h', 'int a;\nint b;']]);
    expect(filesOf(`FILE: a.h\n${block('int b;', 'int x;')}`, open)).toEqual({ 'a.h': 'int a;\nint x;' });
  });

  it('overlooks white space at line ends, where that is unique', () => {
    expect(filesOf(`FILE: ${search}\n${block(`${line}  `, newLine)}`)[search]).toBe(expected);
    const both = new Map([['a.h', 'int a; \nint a;\t\n']]);
    expect(refusal(`FILE: a.h\n${block('int a;', 'int b;')}`, both)).toContain('lines 1, 2');
    const exact = new Map([['a.h', 'int a; \nint a;\n']]);
    expect(filesOf(`FILE: a.h\n${block('int a;', 'int b;')}`, exact)).toEqual({ 'a.h': 'int a; \nint b;\n' });
  });
});

describe('whole regions and diffs', () => {
  const pool = regionText('CandidatePool').replace('ef_ = ef;', 'ef_ = ef + 0;');

  it('replaces a region', () => {
    const wanted = { [search]: edited(search, 'ef_ = ef;', 'ef_ = ef + 0;') };
    expect(filesOf(`FILE: ${search}\nREGION: CandidatePool\n\`\`\`cpp\n${pool}\n\`\`\`\n`)).toEqual(wanted);
    expect(
      filesOf(`**FILE:** \`${search}\`\n**REGION:** \`CandidatePool\`\n\n~~~\n\n${pool}\n\n~~~\n`),
    ).toEqual(wanted);
    expect(filesOf(`\`\`\`cpp\nFILE: ${search}\nREGION: CandidatePool\n${pool}\n\`\`\`\n`)).toEqual(wanted);
    expect(filesOf(`FILE: ${search}\nREGION: hnsw::CandidatePool\n\`\`\`\n${pool}\n\`\`\`\n`)).toEqual(
      wanted,
    );
    expect(
      filesOf(`FILE: ${search}\nREGION: CandidatePool\n\`\`\`cpp\n${pool}\n\`\`\`\n${good}`)[search],
    ).toBe(wanted[search]?.replace(line, newLine));
  });

  it('replaces a member with the indentation of the file, and the includes', () => {
    const file = 'include/hnsw/refinement.h';
    const member = regionText('Refiner::EntryPoint').replace('> 0', '!= 0');
    const indented = `FILE: ${file}\nREGION: Refiner::EntryPoint\n\`\`\`\n  ${member}\n\`\`\`\n`;
    expect(filesOf(indented)[file]).toBe(edited(file, regionText('Refiner::EntryPoint'), member));
    const includes = `FILE: ${search}\nREGION: #includes\n\`\`\`\n#include <array>\n#include <vector>\n\`\`\`\n`;
    expect(filesOf(includes)[search]).toMatch(/H_\n\n#include <array>\n#include <vector>\n\nnamespace/);
  });

  it('refuses what is no region, or no longer defines it', () => {
    const region = (symbol: string, text: string): string =>
      refusal(`FILE: ${search}\nREGION: ${symbol}\n\`\`\`\n${text}\n\`\`\`\n`);
    expect(region('SearchLayer::Run', 'void Run() {}')).toContain('is a part of the region `SearchLayer`');
    expect(region('Neighbour', 'struct Neighbour {};')).toContain(
      'is not a region of this module; its regions',
    );
    expect(region('CandidatePool', 'class Pool {};')).toContain('does not define that type');
    expect(region('CandidatePool', '')).toMatch(/^does-not-parse: .*empty/);
  });

  it('takes a diff that is exact', () => {
    const after = new Map([[search, expected]]);
    const diff = unifiedDiff(files, after);
    expect(filesOf(`So:\n\`\`\`diff\n${diff}\`\`\`\n`)).toEqual({ [search]: expected });
    expect(
      filesOf(`FILE: ${search}\n\`\`\`diff\n${diff.replace(/^(?:---|\+\+\+).*\n/gm, '')}\`\`\`\n`),
    ).toEqual({
      [search]: expected,
    });
    const moved = diff.replace(/@@ -(\d+)/, (_, at) => `@@ -${Number(at) + 1}`);
    expect(refusal(`\`\`\`diff\n${moved}\`\`\`\n`)).toMatch(/^does-not-apply: the diff of line 1/);
    expect(
      refusal(`\`\`\`diff\n${diff}\`\`\`\nFILE: ${search}\n${block('    pool_.Reset(ef);', '')}`),
    ).toContain('change the same lines');
    expect(refusal('```diff\n-a\n+b\n```\n')).toContain('no `@@` lines');
  });
});

describe('refusals', () => {
  it.each([
    ['no code', 'I would rather not.', /^does-not-parse: the answer holds no code/],
    ['code without a place', '```cpp\nint x;\n```', /^does-not-parse: the code does not say where/],
    ['no file', good, /^does-not-parse: line 1: no `FILE:` line/],
    [
      'a missing SEARCH',
      `FILE: ${search}\n${block('  float e = distance(id);', 'x')}`,
      /nearest lines are:\n\d+: .*distance/,
    ],
    [
      'other indentation',
      `FILE: ${search}\n${block(from, 'x')}`,
      /other white space \(its indentation\); copy it exactly:\n\d+: {9}const float d/,
    ],
    ['other spaces', `FILE: ${search}\n${block(line.replace('= ', '='), 'x')}`, /\(inside of a line\)/],
    [
      'an ambiguous SEARCH',
      `FILE: ${search}\n${block(' public:', '')}`,
      /is ambiguous, it stands at lines \d+, \d+, \d+/,
    ],
    ['an empty SEARCH', `FILE: ${search}\n${block('', 'x')}`, /^does-not-apply: .*is empty/],
    [
      'an unknown file',
      `FILE: include/hnsw/serach.h\n${good}`,
      /no file `include\/hnsw\/serach.h`; nearest: `include\/hnsw\/search.h`/,
    ],
    [
      'a file name alone',
      `FILE: search.h\n${good}`,
      /no file `search.h`; nearest: `include\/hnsw\/search.h`/,
    ],
    ['a parent folder', `FILE: include/../${search}\n${good}`, /^does-not-apply: .*not a path inside/],
    ['an absolute path', `FILE: /${search}\n${good}`, /^does-not-apply: .*not a path inside/],
    ['a drive', `FILE: C:/${search}\n${good}`, /^does-not-apply: .*not a path inside/],
    ['backslashes', `FILE: include\\hnsw\\search.h\n${good}`, /^does-not-apply: .*not a path inside/],
    ['no change', `FILE: ${search}\n${block(line, line)}`, /^does-not-apply: the answer changes nothing/],
    ['overlapping blocks', `FILE: ${search}\n${good}${good}`, /change the same lines/],
    ['a cut block', `FILE: ${search}\n${good}${good.slice(0, -20)}`, /^does-not-parse: .*cut off/],
    ['a cut fence', `FILE: ${search}\n\`\`\`cpp\n${good}`, /^does-not-parse: .*cut off/],
    [
      'a cut region',
      `FILE: ${search}\nREGION: CandidatePool\n\`\`\`\nclass CandidatePool {\n`,
      /^does-not-parse: .*cut off/,
    ],
    [
      'a cut header',
      `FILE: ${search}\n${good}FILE: include/hnsw/order.h\n`,
      /^does-not-parse: .*no code follows/,
    ],
    ['thoughts without an end', '<think>hm', /^does-not-parse/],
    [
      'no divider',
      `FILE: ${search}\n${good.replace('=======\n', '')}`,
      /^does-not-parse: .*inside the SEARCH/,
    ],
    [
      'two dividers',
      `FILE: ${search}\n${good.replace('=======\n', '=======\n=======\n')}`,
      /^does-not-parse/,
    ],
    ['a marker that is off', `FILE: ${search}\n${good.replace('SEARCH', 'SERCH')}`, /^does-not-parse/],
    ['a stray end', `FILE: ${search}\n${good}>>>>>>> REPLACE\n`, /^does-not-parse: .*does not belong/],
    [
      'a fence in a block',
      `FILE: ${search}\n${block(`\`\`\`cpp\n${line}\n\`\`\``, newLine)}`,
      /^does-not-parse: .*bare between/,
    ],
    [
      'loose code for a file',
      `FILE: ${search}\n\`\`\`\nint x;\n\`\`\`\n${good}`,
      /^does-not-parse: .*neither/,
    ],
    [
      'a header in a region',
      `FILE: ${search}\nREGION: CandidatePool\n\`\`\`\nclass CandidatePool {\n**REGION:** \`VisitedSet\`\n};\n\`\`\`\n`,
      /^does-not-parse: line 5: a new header/,
    ],
    [
      'a fence that closes before its region',
      `\`\`\`\nFILE: ${search}\nREGION: CandidatePool\n\`\`\`\`\n\`\`\`cpp\nclass CandidatePool {};\n\`\`\`\n`,
      /^does-not-parse: .*no code follows/,
    ],
    [
      'a region without a fence',
      `FILE: ${search}\nREGION: CandidatePool\nclass X {};\n`,
      /^does-not-parse: .*fenced/,
    ],
  ])('%s', (_, text, message) => {
    expect(refusal(text)).toMatch(message);
  });

  it('applies all blocks or none', () => {
    expect(refusal(`FILE: ${search}\n${good}${block('nowhere', 'x')}`)).toMatch(/^does-not-apply/);
  });

  it('bounds length, blocks and messages', () => {
    expect(refusal(' '.repeat(maxCompletionLength + 1))).toContain('longer than');
    expect(refusal(`FILE: ${search}\n${good.repeat(maxBlocks + 1)}`)).toContain(
      `more than ${maxBlocks} blocks`,
    );
    expect(refusal(`FILE: ${search}\n${block('q'.repeat(90_000), 'x').repeat(10)}`).length).toBeLessThan(
      5000,
    );
  });

  it('takes code of any depth', () => {
    const deep = `void Reset() { ${'{'.repeat(20_000)}${'}'.repeat(20_000)} }`;
    const text = regionText('CandidatePool').replace(' private:', `${deep}\n private:`);
    expect(refusal(`FILE: ${search}\nREGION: CandidatePool\n\`\`\`\n${text}\n\`\`\`\n`)).toBe('applied');
  });

  it('reads hostile long lines in time that grows with their length', () => {
    const started = performance.now();
    for (const unit of [' ', '#', '*', '`', '<', '=', 'FILE:', '## ', '\n', '```a\n', '/', 'a.h ']) {
      parse(unit.repeat(maxCompletionLength / unit.length));
    }
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe('sections', () => {
  it.each([
    ['## Performance Analysis', '## Algorithm Design', '## Code Implementation'],
    ['#### PERFORMANCE ANALYSIS:', '# algorithm design', '**Code Implementation**'],
    ['**1. Performance Analysis**', '__Algorithm Design:__', '### Code Implementation'],
    ['Performance Analysis', '2) Algorithm Design', `FILE: ${search}`],
  ])('%s', (first, second, third) => {
    const head = third.startsWith('FILE') ? '' : `FILE: ${search}\n`;
    const text = `${first}\nReads miss.\n\`\`\`cpp\n// ## Algorithm Design\n\`\`\`\n${second}\nPrefetch.\n\n${third}\n${head}${good}`;
    expect(parse(text)).toMatchObject({
      outcome: { kind: 'files' },
      analysis: 'Reads miss.\n```cpp\n// ## Algorithm Design\n```',
      design: 'Prefetch.',
    });
  });

  it('are kept of a refused answer, and bounded', () => {
    const { analysis, design } = parse(`## Performance Analysis\n${'long '.repeat(10_000)}`);
    expect(analysis).toHaveLength(maxSectionLength);
    expect(design).toBe('');
  });
});
