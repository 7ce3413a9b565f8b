import { windowFor } from '../protocol/manifest.ts';
import type { ModuleName } from '../protocol/module.ts';
import type { Evidence, PolicyPrompt, PolicyRequest } from '../protocol/policy.ts';
import { benchWorkspace } from './bench.ts';
import { sourceHash } from './codeState.ts';
import { measuredCurve, pastCandidates } from './evidence.ts';
import { readLedger } from './ledger/ledgerReader.ts';
import { ledgerPath } from './ledger/runSummary.ts';
import { compilerVersion } from './machine.ts';
import { logMeasurement } from './measurementLog.ts';
import { policyRequestOf } from './policyRequest.ts';
import { requireRegions } from './requireRegions.ts';
import { benchInputs, type InputContext } from './runInputs.ts';

export interface PreviewRequest {
  readonly root: string;
  readonly module: ModuleName;
  /** Default: the manifest's first. */
  readonly dataset: string | undefined;
  readonly seed: number;
  readonly build: (request: PolicyRequest, root: string) => PolicyPrompt;
}

/** Timing of a reference that has not been measured yet. */
const measureSeconds = 20;

/**
 * The prompt that the first group of a run with this seed would be sampled with. A reference that the ledger has no curve
 * of is measured first, and the curve is kept there.
 */
export async function previewPrompt(
  { root, module, dataset: name, seed, build }: PreviewRequest,
  context: InputContext,
): Promise<PolicyPrompt> {
  const { services, signal } = context;
  const { workspace, dataset } = await benchInputs({ root, dataset: name }, context);
  const { manifest, files } = workspace;
  requireRegions(workspace, module);
  const { records } = await readLedger(ledgerPath(root));
  const hash = sourceHash(files, manifest, await compilerVersion(services.processes));
  let reference = measuredCurve(records, { hash, dataset: dataset.name });
  if (reference === undefined) {
    const curve = await benchWorkspace({
      services,
      signal,
      workspace,
      dataset,
      seconds: measureSeconds,
      seed,
    });
    await logMeasurement({ workspace, dataset, ...curve }, services);
    reference = curve.points;
  }
  const evidence: Evidence = {
    dataset: dataset.name,
    window: windowFor(manifest, dataset.name),
    reference,
    past: pastCandidates(records, { module, runId: '', files, hash, dataset: dataset.name }),
  };
  return build(policyRequestOf({ workspace, module, dataset, evidence, group: 1, seed, round: 1 }), root);
}
