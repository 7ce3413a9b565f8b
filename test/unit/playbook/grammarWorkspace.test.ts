import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { patchHash } from '../../../src/engine/candidate/patch.ts';
import { editsOutsideModule } from '../../../src/engine/candidate/regionGate.ts';
import { unsafeIncludes } from '../../../src/engine/candidate/unsafeInclude.ts';
import { createCppSyntax } from '../../../src/engine/module/cppSyntax.ts';
import { locateRegion } from '../../../src/engine/module/regions.ts';
import { loadWorkspace } from '../../../src/engine/module/workspace.ts';
import { catalogue } from '../../../src/engine/policy/playbook/catalogue.ts';
import { createPlaybookPolicy } from '../../../src/engine/policy/playbook/playbookPolicy.ts';
import type { Completion, PolicyRequest } from '../../../src/protocol/policy.ts';

const syntax = await createCppSyntax();
const workspace = await loadWorkspace(join(import.meta.dirname, '../../../examples/hnsw'), { syntax });
const { manifest, files } = workspace;

function request(seed: number): PolicyRequest {
  const facts = {
    n: 60_000,
    dim: 784,
    metric: 'euclidean',
    M: 16,
    efConstruction: 200,
    isa: [],
    llcBytes: 0,
  } as const;
  const evidence = { dataset: 'd', window: [0.85, 0.95], reference: [], past: [] } as const;
  return { module: 'search', manifest, files, facts, group: 8, seed, regions: [], evidence };
}

async function sample(seed: number): Promise<Completion[]> {
  const completions: Completion[] = [];
  const policy = createPlaybookPolicy({ catalogue, syntax });
  for await (const completion of policy.sample(request(seed))) completions.push(completion);
  return completions;
}

const hashOf = ({ outcome }: Completion): string =>
  outcome.kind === 'files' ? patchHash(files, outcome.files) : outcome.detail;

describe('the playbook on the bundled workspace', () => {
  it('proposes the same distinct patches for the same seed', async () => {
    const [first, again, other] = await Promise.all([sample(1), sample(1), sample(2)]);
    expect(new Set(first.map(hashOf)).size).toBe(8);
    expect(again.map(hashOf)).toEqual(first.map(hashOf));
    expect(other.map(hashOf)).not.toEqual(first.map(hashOf));
  });

  it('stays inside the search module', async () => {
    for (const { text, outcome } of await sample(3)) {
      expect(outcome.kind, text).toBe('files');
      if (outcome.kind !== 'files') continue;
      const problems = editsOutsideModule({
        before: files,
        after: outcome.files,
        regions: workspace.regions.search,
        locate: (ref, source) => locateRegion(syntax, ref, source),
      });
      expect(problems, text).toEqual([]);
      expect(unsafeIncludes(files, outcome.files, manifest.build.includeDirs), text).toEqual([]);
    }
  });
});
