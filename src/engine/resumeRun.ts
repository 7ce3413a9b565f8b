import { type RecordOf, recordsOf } from '../protocol/ledger.ts';
import { usageOf } from '../protocol/model.ts';
import type { OptimizeReport } from '../protocol/optimize.ts';
import type { Completion, Policy } from '../protocol/policy.ts';
import { styleGate } from './candidate/style/styleGate.ts';
import { readLedger } from './ledger/ledgerReader.ts';
import { ledgerPath } from './ledger/runSummary.ts';
import { type ModelAccess, openPolicy, type PolicyContext } from './openPolicy.ts';
import { type OptimizeRequest, optimize } from './optimizer.ts';
import { proposer } from './proposal.ts';
import { planOf, resumable } from './resume.ts';
import { type InputContext, runInputs } from './runInputs.ts';

/** A proposal's completion is in the ledger; whatever else wrote candidates is opened again. */
function policyOf({ policy }: RecordOf<'run'>, context: PolicyContext): Policy {
  if (policy.id === proposer.id) {
    return { ...proposer, style: styleGate(context.syntax, context.manifest.style), sample: nothingMore };
  }
  // Of a mix, versions stand in the order of the ids.
  const playbookVersion = policy.version.split(',')[policy.id.split(',').indexOf('playbook')];
  return openPolicy(policy.id, { ...context, playbookVersion });
}

async function* nothingMore(): AsyncGenerator<Completion> {}

/** Goes on with a run that was cut off or cancelled, as it was started. */
export async function resumeRun(
  {
    root,
    runId,
    access,
    ...hooks
  }: {
    readonly root: string;
    readonly runId: string;
    readonly access: ModelAccess;
  } & Pick<OptimizeRequest, 'onRun'>,
  context: InputContext,
): Promise<OptimizeReport> {
  const { services, signal, syntax } = context;
  const { records } = await readLedger(ledgerPath(root));
  const record = resumable(records, runId);
  const { datasetNames, heldOutNames, ...plan } = planOf(record);
  const inputs = await runInputs({ root, datasets: datasetNames, heldOut: heldOutNames }, context);
  const { manifest } = inputs.workspace;
  const answers = recordsOf(records, 'completion').filter((completion) => completion.runId === runId);
  const spent = usageOf(answers.flatMap(({ answer }) => answer ?? []));
  const policy = policyOf(record, { ...access, syntax, root, manifest, spent });
  return optimize({ services, signal, ...inputs, ...plan, ...hooks, policy, resume: runId });
}
