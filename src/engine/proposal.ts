import type { ProposalOutcome } from '../protocol/engine.ts';
import type { CurvePoint, SpeedupAt } from '../protocol/measurement.ts';
import { type ModuleName, moduleNames } from '../protocol/module.ts';
import type { OptimizeReport } from '../protocol/optimize.ts';
import type { Completion, Policy, StyleGate } from '../protocol/policy.ts';
import { parseCompletion } from './candidate/completion/parseCompletion.ts';
import { styleGate } from './candidate/style/styleGate.ts';
import { UserError } from './errors.ts';
import { readLedger } from './ledger/ledgerReader.ts';
import { ledgerPath } from './ledger/runSummary.ts';
import { optimize } from './optimizer.ts';
import { measuredTrials, runStory } from './reporting/runStory.ts';
import { type InputContext, runInputs } from './runInputs.ts';
import { logUnusableProposal } from './unusableProposal.ts';

/** A patch by somebody else (an agent, a colleague), to be judged like any other candidate. */
export interface ProposalRequest {
  /** Absolute path of the workspace. */
  readonly root: string;
  readonly module: ModuleName;
  /** SEARCH/REPLACE blocks, whole regions or a unified diff, with or without prose around them. */
  readonly text: string;
  /** Null: the manifest's first. */
  readonly dataset: string | null;
  /** Called once the run is in the ledger. */
  readonly onRun?: (runId: string) => void;
}

/** What the ledger says a proposal's run was sampled from. */
export const proposer = { id: 'agent', version: '1' };
const seed = 1;

/**
 * Judges a patch by the whole cascade, as a run of its own with one candidate: applied to a copy, compiled, checked,
 * measured against the workspace as saved and, where it is faster, confirmed. Nothing is written into the workspace but
 * the ledger and the run's folder. A patch that cannot be used is a rejected proposal, not an error, and is told before
 * anything is built.
 *
 * @throws UserError where the workspace, the module or the dataset cannot be used; AbortError once `signal` is aborted.
 */
export async function proposePatch(
  { root, module, text, dataset, onRun }: ProposalRequest,
  context: InputContext,
): Promise<ProposalOutcome> {
  const { services, signal } = context;
  const inputs = await runInputs({ root, datasets: dataset === null ? [] : [dataset], heldOut: [] }, context);
  const { workspace, locate } = inputs;
  const regions = workspace.regions[module];
  if (regions.length === 0) {
    const named = moduleNames.filter((name) => workspace.regions[name].length > 0);
    throw new UserError(
      'no-module',
      `annsmith.json: modules.${module}: the workspace names no regions of this module`,
      `Propose a patch to ${named.join(' or ')}, or have the user add regions of ${module} to annsmith.json.`,
    );
  }
  signal.throwIfAborted();
  const { files } = workspace;
  const { outcome } = parseCompletion(asAnswer(text), { files, regions, locate });
  const completion: Completion = { text, tokenIds: [], logprobs: [], outcome };
  const plan = {
    modules: [module] as const,
    datasets: inputs.datasets,
    heldOut: [],
    aggregate: 'geomean',
    policy: proposalPolicy(completion, styleGate(context.syntax, workspace.manifest.style)),
    group: 1,
    rounds: 1,
    budgetSeconds: undefined,
    seed,
    apply: 'none',
  } as const;
  if (outcome.kind === 'rejected') {
    const run = await logUnusableProposal({ workspace, plan, completion, services });
    onRun?.(run);
    return proposalOutcome(root, run, []);
  }
  const report = await optimize({
    services,
    signal,
    workspace,
    locate,
    ...plan,
    ...(onRun === undefined ? {} : { onRun }),
  });
  return proposalOutcome(root, report.run, report.reference.points);
}

/** A policy that yields one completion. */
function proposalPolicy(completion: Completion, style: StyleGate): Policy {
  return {
    ...proposer,
    style,
    async *sample() {
      yield completion;
    },
  };
}

/** A diff that stands alone, fenced as a diff is in an answer. */
function asAnswer(text: string): string {
  if (!/^\s*(?:diff --git |Index: |--- \S)/.test(text)) return text;
  const body = text.replace(/^\s*\n/, '').trimEnd();
  const fence = '`'.repeat(Math.max(3, ...[...body.matchAll(/^`+/gm)].map(([ticks]) => ticks.length + 1)));
  return `${fence}diff\n${body}\n${fence}\n`;
}

/** What the ledger knows of the run's only candidate. */
async function proposalOutcome(
  root: string,
  run: string,
  reference: OptimizeReport['reference']['points'],
): Promise<ProposalOutcome> {
  const { records } = await readLedger(ledgerPath(root));
  const candidate = runStory(records, run)?.modules[0]?.candidates[0];
  const judged = candidate?.judgement;
  if (candidate === undefined || judged === undefined) throw new Error(`run ${run} has no judged candidate`);
  const { confirmation, completion } = candidate;
  const comparison = confirmation?.trials[0]?.comparison ?? measuredTrials(candidate).at(-1)?.comparison;
  return {
    run,
    candidate: candidate.id,
    verdict: judged.verdict,
    gain: confirmation?.gain ?? judged.gain,
    confirmed: confirmation?.confirmed ?? null,
    speedup: (comparison?.speedupAt ?? []) satisfies readonly SpeedupAt[],
    reference: (comparison?.reference ?? reference) satisfies readonly CurvePoint[],
    points: (comparison?.candidate ?? []) satisfies readonly CurvePoint[],
    checks: judged.checks,
    patch: completion.patch,
  };
}
