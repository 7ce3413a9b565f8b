import { optimize } from '../../src/engine/optimizer.ts';
import type { ModuleName } from '../../src/protocol/module.ts';
import type { Completion, FileTexts, Policy, PolicyRequest } from '../../src/protocol/policy.ts';
import type { Verdict } from '../../src/protocol/verdict.ts';
import type { Fixture } from '../engine/fixture.ts';

export interface Proposal {
  readonly name: string;
  readonly module: ModuleName;
  /** From the texts of the workspace as it stands when the module is begun. */
  readonly edit: (files: FileTexts) => Promise<FileTexts> | FileTexts;
}

/** Verdicts of the real cascade, by name: everything in one run, compiled and checked two at a time. */
export async function judge(
  { services, workspace, dataset, locate }: Fixture,
  proposals: readonly Proposal[],
): Promise<ReadonlyMap<string, Verdict>> {
  const policy: Policy = {
    id: 'scripted',
    version: '1',
    async *sample({ module, files }: PolicyRequest): AsyncIterable<Completion> {
      for (const proposal of proposals.filter((p) => p.module === module)) {
        const changed = await proposal.edit(files);
        const outcome = { kind: 'files', files: changed, notes: [] } as const;
        yield { text: proposal.name, tokenIds: [], logprobs: [], outcome };
      }
    },
  };
  const [first, ...rest] = new Set(proposals.map(({ module }) => module));
  if (first === undefined) return new Map();
  const modules = [first, ...rest] as const;
  const group = Math.max(...modules.map((m) => proposals.filter(({ module }) => module === m).length));
  const report = await optimize({
    services,
    workspace,
    datasets: [dataset],
    heldOut: [],
    aggregate: 'geomean',
    budgetSeconds: undefined,
    locate,
    modules,
    policy,
    group,
    rounds: 1,
    seed: 1,
    apply: 'none',
    signal: new AbortController().signal,
  });
  return new Map(report.candidates.map(({ program, verdict }) => [program, verdict]));
}
