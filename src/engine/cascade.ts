import { buildsGraphs, type CascadeContext } from './cascadeContext.ts';
import {
  acceptMeasured,
  applyAndCompile,
  judgeWhole,
  measure,
  sanitize,
  screenCandidate,
  verify,
} from './cascadeStages.ts';
import { diskFull } from './errors.ts';
import { type Candidate, gainOf } from './judged.ts';
import { mapParallel } from './parallel.ts';

/** Stages that do not time anything run this many at once. */
const width = 2;
/** Construction candidates of a group that are built on the whole datasets. */
const finalists = 3;

/**
 * Judges a group in the order of cost: applies, compiles, cheap checks, short paired timing, then, unless clearly
 * worse, sanitizers and resident timing. Stages without timing run side by side; timing runs alone. Construction
 * candidates are judged on the heads of the datasets; the best of them then on the whole.
 */
export async function judgeGroup(context: CascadeContext, group: readonly Candidate[]): Promise<void> {
  const { services } = context.run;
  const alive = (): Candidate[] => group.filter((c) => c.verdict === undefined && c.sameAs === undefined);
  const stage = async (
    name: string,
    message: string,
    members: readonly Candidate[],
    parallel: number,
    work: (context: CascadeContext, candidate: Candidate) => Promise<void>,
  ): Promise<void> => {
    let finished = 0;
    const started = services.clock.monotonic();
    await mapParallel(members, parallel, async (candidate) => {
      const elapsed = (services.clock.monotonic() - started) / 1000;
      services.reporter.progress({
        stage: name,
        message: `${message}: candidate ${candidate.id} (${finished + 1} of ${members.length})`,
        fraction: finished / members.length,
        ...(finished === 0 ? {} : { remainingSeconds: (elapsed / finished) * (members.length - finished) }),
      });
      const begin = services.clock.monotonic();
      await work(context, candidate);
      const { verdict } = candidate;
      // Says nothing about the candidate and passes: the run ends, and judges it when it goes on.
      if (verdict?.kind === 'failed' && verdict.error.includes('No space left on device')) {
        throw diskFull(verdict.error);
      }
      candidate.timings[name] = (services.clock.monotonic() - begin) / 1000;
      finished++;
      if (candidate.verdict !== undefined) await context.onJudged(candidate);
    });
  };
  const accept = async (candidate: Candidate): Promise<void> => {
    acceptMeasured(context, candidate);
    await context.onJudged(candidate);
  };
  const hopeful = (): Candidate[] =>
    alive().sort((a, b) => gainOf(b, context.aggregate)!.value - gainOf(a, context.aggregate)!.value);

  await stage('compile', 'compiling', alive(), width, applyAndCompile);
  await stage('verify', 'checking answers', alive(), width, verify);
  await stage('screen', 'paired timing', alive(), 1, screenCandidate);
  await stage('sanitize', 'sanitizers', alive(), width, sanitize);
  const whole = buildsGraphs(context);
  await stage('resident', 'resident timing', hopeful(), 1, async (_, candidate) => {
    await measure(context, candidate);
    if (candidate.verdict === undefined && !whole) acceptMeasured(context, candidate);
  });
  if (!whole) return;
  const best = hopeful()
    .filter((candidate) => gainOf(candidate, context.aggregate)!.value > 0)
    .slice(0, finalists);
  for (const candidate of alive()) if (!best.includes(candidate)) await accept(candidate);
  await stage('whole', 'the whole datasets', best, 1, async (_, candidate) => {
    if (candidate === best[0] || hasTimeForWhole(context)) await judgeWhole(context, candidate);
    else
      candidate.checks.push({
        name: 'whole',
        ok: true,
        detail: 'left out: the time of the module is used up',
      });
    if (candidate.verdict === undefined) acceptMeasured(context, candidate);
  });
}

/** Whether one more index of every dataset can be built before the module's time is up. */
function hasTimeForWhole({ deadline, whole, run }: CascadeContext): boolean {
  const seconds = whole.reduce((sum, { costs }) => sum + costs.buildCpuSeconds, 0);
  return deadline === undefined || run.services.clock.monotonic() + seconds * 1000 < deadline;
}
