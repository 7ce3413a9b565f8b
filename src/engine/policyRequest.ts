import { createHash } from 'node:crypto';
import type { PreparedDataset } from '../protocol/dataset.ts';
import type { ModuleName } from '../protocol/module.ts';
import type { Evidence, PolicyRequest } from '../protocol/policy.ts';
import { machineFingerprint } from './machine.ts';
import type { Workspace } from './module/workspace.ts';

export interface RequestInput {
  readonly workspace: Workspace;
  readonly module: ModuleName;
  readonly dataset: PreparedDataset;
  readonly evidence: Evidence;
  readonly group: number;
  readonly seed: number;
  readonly round: number;
}

/** What a policy is asked for a group. Each round draws its own completions; the run's seed alone decides which. */
export function policyRequestOf(input: RequestInput): PolicyRequest {
  const { workspace, module, dataset, evidence, group, seed, round } = input;
  const { manifest, files, regions } = workspace;
  const { isa, llcBytes } = machineFingerprint();
  const { n, dim, metric } = dataset;
  const { M, efConstruction } = manifest.index;
  return {
    module,
    manifest,
    files,
    facts: { n, dim, metric, M, efConstruction, isa, llcBytes },
    group,
    seed: derivedSeed(seed, round),
    regions: regions[module],
    evidence,
  };
}

/** A seed of its own for each label, 32 bits. */
export function derivedSeed(seed: number, label: string | number): number {
  return createHash('sha256').update(`${seed}/${label}`).digest().readUInt32LE(0);
}
