import { createTwoFilesPatch } from 'diff';
import { describe, expect, it } from 'vitest';
import { editsOutsideModule } from '../../../src/engine/candidate/regionGate.ts';
import { unsafeIncludes } from '../../../src/engine/candidate/unsafeInclude.ts';
import { locateRegion } from '../../../src/engine/module/regions.ts';
import { loadWorkspace } from '../../../src/engine/module/workspace.ts';
import { catalogue } from '../../../src/engine/policy/playbook/catalogue.ts';
import type { FileTexts } from '../../../src/protocol/policy.ts';
import {
  applyStep,
  exampleFiles,
  exampleRoot,
  extremes,
  fitting,
  manifest,
  syntax,
} from './rewritesWorkspace.ts';

const workspace = await loadWorkspace(exampleRoot, { syntax });

function changedBy(after: FileTexts): FileTexts {
  return new Map([...after].filter(([path, text]) => exampleFiles.get(path) !== text));
}

function edited(result: ReturnType<typeof applyStep>): FileTexts {
  if (result.kind === 'declined') throw new Error(result.reason);
  return result.files;
}

describe.each(fitting.map(({ id }) => ({ id })))('$id', ({ id }) => {
  const rewrite = catalogue.find((other) => other.id === id)!;
  const greatest = extremes(id).at(-1)!;

  it('gives a diff fit for review', async () => {
    const diffs = [...changedBy(edited(applyStep([id, greatest])))].map(([path, text]) =>
      createTwoFilesPatch(path, path, exampleFiles.get(path) ?? '', text, '', '', { context: 2 }),
    );
    await expect(diffs.join('\n')).toMatchFileSnapshot(`golden/${id}.diff`);
  });

  it('writes lines of at most 100 columns, without trailing space or tabs', () => {
    for (const values of extremes(id)) {
      for (const [path, text] of changedBy(edited(applyStep([id, values])))) {
        for (const line of text.split('\n')) expect(line, path).toMatch(/^(?!.*[ \t]$)[^\t]{0,100}$/);
      }
    }
  });

  it('stays inside the regions of its module and includes system headers only', () => {
    const after = changedBy(edited(applyStep([id, greatest])));
    const problems = editsOutsideModule({
      before: exampleFiles,
      after,
      regions: workspace.regions[rewrite.module],
      locate: (ref, source) => locateRegion(syntax, ref, source),
    });
    expect(problems).toEqual([]);
    expect(unsafeIncludes(exampleFiles, after, manifest.build.includeDirs)).toEqual([]);
  });

  it('is deterministic and leaves its input alone', () => {
    const before = new Map(exampleFiles);
    expect(applyStep([id, greatest])).toEqual(applyStep([id, greatest]));
    expect(exampleFiles).toEqual(before);
  });

  it('writes every parameter value into the code', () => {
    for (const parameter of rewrite.parameters) {
      const texts = parameter.values.map((value) =>
        JSON.stringify([...edited(applyStep([id, { ...greatest, [parameter.name]: value }]))]),
      );
      expect(new Set(texts).size, parameter.name).toBe(parameter.values.length);
    }
  });

  it('declines a workspace without its role, and an empty one', () => {
    const bare = applyStep([id], exampleFiles, { ...manifest, roles: {} });
    expect(bare).toMatchObject({ kind: 'declined', reason: expect.stringMatching(/names no `\w+` role/) });
    const empty = applyStep([id], new Map());
    expect(empty).toMatchObject({ kind: 'declined', reason: expect.stringMatching(/is not there/) });
  });

  it('declines code that it has rewritten already, or writes nothing new', () => {
    const once = edited(applyStep([id, greatest]));
    const twice = applyStep([id, greatest], once);
    if (twice.kind === 'edited') expect.fail(`applied twice: ${twice.note}`);
  });
});
