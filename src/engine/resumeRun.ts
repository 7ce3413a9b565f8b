import type { OptimizeReport } from '../protocol/optimize.ts';
import { readLedger } from './ledger/ledgerReader.ts';
import { ledgerPath } from './ledger/runSummary.ts';
import { openPolicy } from './openPolicy.ts';
import { type OptimizeRequest, optimize } from './optimizer.ts';
import { planOf, resumable } from './resume.ts';
import { type InputContext, runInputs } from './runInputs.ts';

/** Goes on with a run that was cut off or cancelled, as it was started. */
export async function resumeRun(
  {
    root,
    runId,
    ...hooks
  }: { readonly root: string; readonly runId: string } & Pick<OptimizeRequest, 'onRun'>,
  context: InputContext,
): Promise<OptimizeReport> {
  const { services, signal, syntax } = context;
  const { records } = await readLedger(ledgerPath(root));
  const record = resumable(records, runId);
  const { datasetNames, heldOutNames, ...plan } = planOf(record);
  const inputs = await runInputs({ root, datasets: datasetNames, heldOut: heldOutNames }, context);
  const policy = openPolicy(record.policy.id, syntax);
  return optimize({ services, signal, ...inputs, ...plan, ...hooks, policy, resume: runId });
}
