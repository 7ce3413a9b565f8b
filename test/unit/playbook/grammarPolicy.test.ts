import { describe, expect, it } from 'vitest';
import type { Tree } from 'web-tree-sitter';
import { createPlaybookPolicy } from '../../../src/engine/policy/playbook/playbookPolicy.ts';
import type { Rewrite } from '../../../src/engine/policy/playbook/rewrite.ts';
import type { CppSyntax } from '../../../src/engine/ports.ts';
import { manifestSchema } from '../../../src/protocol/manifest.ts';
import type { Completion, PolicyRequest } from '../../../src/protocol/policy.ts';
import { appendingRewrite, syntheticCatalogue } from './syntheticCatalogue.ts';

/** These rewrites read no syntax; one that did would fail here. */
const syntax: CppSyntax = {
  parse: (): Tree => {
    throw new Error('no rewrite of this catalogue parses');
  },
  find: () => [],
};

const request: PolicyRequest = {
  module: 'search',
  manifest: manifestSchema.parse({
    name: 'x',
    modules: { search: { regions: [{ file: 'search.h', symbol: 'f' }] } },
    roles: {},
    build: { adapter: 'a.cc' },
    index: {},
    search: {},
    datasets: ['d'],
  }),
  files: new Map([
    ['search.h', 'int f();\n'],
    ['other.h', ''],
  ]),
  facts: { n: 1, dim: 2, metric: 'euclidean', M: 16, efConstruction: 200, isa: [], llcBytes: 0 },
  group: 8,
  seed: 1,
  regions: [],
  evidence: { dataset: 'd', window: [0.85, 0.95], reference: [], past: [] },
};

async function sample(
  catalogue: readonly Rewrite[],
  changes: Partial<PolicyRequest> = {},
): Promise<Completion[]> {
  const policy = createPlaybookPolicy({ catalogue, syntax });
  return collect(policy.sample({ ...request, ...changes }));
}

async function collect(stream: AsyncIterable<Completion>): Promise<Completion[]> {
  const completions: Completion[] = [];
  for await (const completion of stream) completions.push(completion);
  return completions;
}

const textOf = ({ outcome }: Completion): string =>
  outcome.kind === 'files' ? (outcome.files.get('search.h') ?? '') : outcome.detail;

describe('playbook policy', () => {
  it('samples a group of distinct programs, the same for the same seed', async () => {
    const [first, again, other] = await Promise.all([
      sample(syntheticCatalogue),
      sample(syntheticCatalogue),
      sample(syntheticCatalogue, { seed: 2 }),
    ]);
    expect(first).toHaveLength(8);
    expect(new Set(first.map(textOf)).size).toBe(8);
    expect(again).toEqual(first);
    expect(other.map(({ text }) => text)).not.toEqual(first.map(({ text }) => text));
    for (const { tokenIds, logprobs, outcome } of first) {
      expect(logprobs).toHaveLength(tokenIds.length);
      expect(outcome.kind === 'files' && [...outcome.files.keys()]).toEqual(['search.h']);
    }
  });

  it('applies the rewrites in order', async () => {
    const completion = (await sample(syntheticCatalogue)).find(({ text }) => text.split(';').length >= 3);
    expect(completion).toBeDefined();
    const ids = completion?.text
      .split('; ')
      .slice(0, -1)
      .map((step) => step.split(' ')[0]);
    const lines = completion && textOf(completion).trim().split('\n').slice(1);
    expect(lines?.map((line) => line.split(' ')[1])).toEqual(ids);
  });

  it('does not offer what declines on this workspace, and says why', async () => {
    const completions = await sample([
      ...syntheticCatalogue,
      appendingRewrite({ id: 'codes', needs: 'class Codes' }),
    ]);
    expect(completions.some(({ text }) => text.includes('codes'))).toBe(false);
    const { outcome } = completions[0] ?? {};
    expect(outcome?.kind === 'files' && outcome.notes).toContain(
      'not offered: codes: there is no class Codes',
    );
  });

  it('notes a decline inside a program and rejects it only when nothing applied', async () => {
    const after = appendingRewrite({ id: 'a-second', needs: 'int f();\n//' });
    const fickle: Rewrite = {
      ...appendingRewrite({ id: 'fickle', parameters: { level: [1, 2] } }),
      apply: (_, { level }) =>
        level === 2
          ? { kind: 'declined', reason: 'level 2 does not fit' }
          : { kind: 'edited', files: new Map([['search.h', 'int f(); // 1\n']]), note: 'ok' },
    };
    const completions = await sample([fickle, after, appendingRewrite({ id: 'tail' })]);
    const rejected = completions.filter(({ outcome }) => outcome.kind === 'rejected');
    expect(rejected.map(({ text }) => text)).toEqual(['fickle level=2; end']);
    expect(rejected[0] && textOf(rejected[0])).toContain('fickle declined: level 2 does not fit');
    expect(completions.map(({ text }) => text)).toContain('fickle level=1; tail; end');
  });

  it('counts programs of equal texts once, and says when the space is smaller than the group', async () => {
    const same = '// the same line';
    const completions = await sample([
      appendingRewrite({ id: 'one', line: same, conflictsWith: ['two'] }),
      appendingRewrite({ id: 'two', line: same }),
      appendingRewrite({ id: 'three' }),
    ]);
    expect(completions).toHaveLength(3);
    const { outcome } = completions[0] ?? {};
    expect(outcome?.kind === 'files' && outcome.notes).toContain(
      'only 3 distinct programs were found for a group of 8',
    );
  });

  it('says so when no rewrite fits', async () => {
    const completions = await sample(syntheticCatalogue, { module: 'refinement' });
    expect(completions.map(({ outcome }) => outcome.kind)).toEqual(['rejected']);
    expect(completions.map(textOf)[0]).toContain('no rewrite of the playbook fits the refinement module');
  });

  it('stops when cancelled and refuses a temperature of 0', async () => {
    const policy = createPlaybookPolicy({ catalogue: syntheticCatalogue, syntax });
    await expect(collect(policy.sample(request, AbortSignal.abort()))).rejects.toThrow();
    expect(() => createPlaybookPolicy({ catalogue: [], syntax, temperature: 0 })).toThrow(RangeError);
  });
});
