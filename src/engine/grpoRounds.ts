import type { GrpoReport, GrpoRoundReport } from '../protocol/grpo.ts';
import type { ModuleName } from '../protocol/module.ts';
import { UserError, withDiskFull } from './errors.ts';
import { requireGroups } from './grpoRound.ts';
import { RoundFile, type RoundPlan } from './grpoRoundState.ts';
import { GrpoRound } from './grpoRoundSteps.ts';
import type { SampleGroups } from './grpoSampling.ts';
import type { PolicyStore } from './policyStore.ts';
import type { Services } from './ports.ts';
import { withProcessLock } from './processLock.ts';

export interface GrpoRequest {
  readonly root: string;
  /** The workspace's name. */
  readonly workspace: string;
  readonly store: PolicyStore;
  readonly services: Services;
  readonly signal: AbortSignal;
  readonly sample: SampleGroups;
  readonly mode: RoundPlan['mode'];
  readonly rounds: number;
  /** What is sampled. Offline: what is evaluated, where it is not that of the newest group. */
  readonly modules: readonly [ModuleName, ...ModuleName[]] | undefined;
  /** Modules that are sampled where none are named. */
  readonly defaultModules: readonly [ModuleName, ...ModuleName[]];
  /** Empty: the manifest's first; offline the newest group's. */
  readonly datasets: readonly string[];
  readonly group: number;
  readonly groups: number;
  readonly seed: number;
  /** Undefined: as long as it takes. No round is begun that would not end in time, going by the longest before. */
  readonly budgetSeconds: number | undefined;
  readonly promote: RoundPlan['promote'];
  readonly advantageLimit?: number;
  readonly onRound?: (report: GrpoRoundReport) => void;
}

/**
 * Rounds of GRPO for the built-in policy: groups of the version that samples now, one update on all of this workspace's
 * groups of that version, groups of the new version to see that it is not worse, and its promotion. A round that was cut
 * off before is gone on with, and counts as the first. @throws UserError where no round had anything to train on.
 */
export async function grpoRounds(request: GrpoRequest): Promise<GrpoReport> {
  const file = await RoundFile.in(request.root);
  const onWait = (): never => {
    throw new UserError(
      'grpo-active',
      `a round is going on in ${request.root} in another process`,
      'Wait for it, or end it first.',
    );
  };
  return withProcessLock(file.path, { onWait }, () => roundsIn(file, request)).catch((error: unknown) => {
    const known = withDiskFull(error, file.path);
    if (!(known instanceof UserError) || known.code !== 'disk-full') throw known;
    const fix =
      'Free some space; what was finished stays, and the same `annsmith grpo` again goes on from there.';
    throw new UserError(known.code, known.message, fix, error);
  });
}

async function roundsIn(file: RoundFile, request: GrpoRequest): Promise<GrpoReport> {
  const { store, services, rounds, budgetSeconds } = request;
  const { clock, logger } = services;
  const started = clock.monotonic();
  const reports: GrpoRoundReport[] = [];
  let longest = 0;
  while (reports.length < rounds) {
    const begin = clock.monotonic();
    const spent = (begin - started) / 1000;
    if (reports.length > 0 && budgetSeconds !== undefined && spent + longest > budgetSeconds) {
      logger.info(`no time for round ${reports.length + 1}; ${reports.length} of ${rounds} were done`);
      break;
    }
    const report = await new GrpoRound(request, file).run();
    reports.push(report);
    request.onRound?.(report);
    longest = Math.max(longest, (clock.monotonic() - begin) / 1000);
  }
  const last = reports.at(-1);
  if (last !== undefined && reports.every(({ training }) => training === null)) {
    const { used, ...groups } = last.groups;
    requireGroups({ groups: [], samples: [], ...groups }, last.from);
  }
  return { policy: 'playbook', rounds: reports, version: store.promotedVersion };
}
