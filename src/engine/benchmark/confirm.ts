import type { MemoryReply, OpenReply, SideName } from '../../protocol/harness.ts';
import type {
  BothSides,
  Comparison,
  Estimate,
  LatencySummary,
  SpeedupAt,
} from '../../protocol/measurement.ts';
import type { HarnessClient } from '../harnessClient.ts';
import { seededRandom } from '../random.ts';
import { defaultProcessEffect } from './bootstrap.ts';
import { answerTimeoutMs, bootstrapReplicates, type CompareInput, pairSeconds } from './compare.ts';
import { buildComparison, speedupRecalls } from './comparison.ts';
import { LiveRounds } from './liveRounds.ts';
import { type Outcome, openFirstPair, runMeasurement, unwrap } from './measurementContext.ts';
import { pairEfs } from './plan.ts';
import type { SideProfile } from './referenceProfile.ts';
import { residentLead } from './residentChunk.ts';
import type { RecallPoint } from './roundSample.ts';
import { decideSequentially, equivalenceRange } from './sequential.ts';
import { RecallSweep, recallPool } from './sweep.ts';

export interface ConfirmInput extends CompareInput {
  readonly candidateProfile: SideProfile;
  /** ln(AUC ratio) that is to be confirmed. */
  readonly claim: Estimate;
  /** Fresh process pairs, at least 4. */
  readonly processPairs?: number;
  /** Also measure the throughput of this many processes searching at once. */
  readonly throughputThreads?: readonly number[];
}

export interface Confirmation {
  /** The interval is off zero on the claim's side. */
  readonly agrees: boolean;
  readonly comparison: Comparison;
  /** Speed ratios at the window's edges. */
  readonly edges: readonly SpeedupAt[];
  readonly costs: BothSides<SideCosts>;
}

export interface SideCosts {
  readonly opened: OpenReply;
  readonly memory: MemoryReply;
  /** Single queries at the ef nearest the middle of the window. */
  readonly latency: LatencySummary;
  /** Queries per second at that ef, by number of processes. */
  readonly throughput: readonly { readonly threads: number; readonly qps: number }[];
}

/** Each side is driven this long, twice, per number of processes. */
const throughputSeconds = 0.5;

const fewestProcessPairs = 4;
const defaultProcessPairs = 6;

/**
 * Measures a claimed gain again, resident, with nothing shared but the libraries: fresh process pairs, a fresh seed,
 * held-out queries for recall and for time. One look, planned in advance.
 */
export function confirm(input: ConfirmInput): Promise<Outcome<Confirmation>> {
  const processPairs = Math.max(fewestProcessPairs, input.processPairs ?? defaultProcessPairs);
  return runMeasurement(input, async (client) => {
    const started = input.clock.monotonic();
    const sides = { reference: input.reference, candidate: input.candidate };
    const opened = await openFirstPair(client, sides);
    input.onProgress?.({ stage: 'confirm', message: 'Recall on held-out queries' });
    const rows = input.dataset.holdoutRows;
    const pool = recallPool(rows);
    const timeout = answerTimeoutMs(input.profile);
    const sweeps = {
      reference: new RecallSweep(client, 'a', input.k, pool, timeout),
      candidate: new RecallSweep(client, 'b', input.k, pool, timeout),
    };
    const reference = await pointsAt(sweeps.reference, input.profile.points);
    const candidate = await pointsAt(sweeps.candidate, input.candidateProfile.points);
    const costs = await measureCosts(client, input, opened, { reference, candidate });

    input.onProgress?.({ stage: 'confirm', message: `Timing ${processPairs} fresh process pairs` });
    const chunk = Math.max(input.profile.residentChunk, input.candidateProfile.residentChunk ?? 0);
    const rounds = new LiveRounds(input, client, {
      sides,
      efPairs: pairEfs(reference, candidate),
      secondsPerQuery: pairSeconds(reference, candidate),
      chunk,
      lead: residentLead(chunk),
      rows,
      looks: 1,
      processPairs,
      // All pairs run: the budget shapes the rounds, it does not drop process pairs.
      deadline: started + input.budgetSeconds * 1000,
      runAllPasses: true,
      seed: `${input.seed} confirm`,
    });
    const decision = await decideSequentially(rounds, {
      recallReference: reference,
      recallCandidate: candidate,
      k: input.k,
      window: input.profile.window,
      speedupAt: speedupRecalls(input.profile.window),
      processEffect: input.processEffect ?? defaultProcessEffect,
      replicates: bootstrapReplicates,
      random: seededRandom(input.seed, 'bootstrap confirm'),
      looks: 1,
      equivalence: equivalenceRange,
    });
    const top = reference[reference.length - 1]!;
    const comparison = buildComparison({
      mode: 'resident',
      decision,
      window: input.profile.window,
      recallReference: reference,
      recallCandidate: candidate,
      recallAtLargestEf: {
        ef: top.ef,
        reference: top.recall,
        candidate: candidate[candidate.length - 1]!.recall,
      },
      processPairs: rounds.processPairs,
      facts: rounds.facts,
      seconds: (input.clock.monotonic() - started) / 1000,
    });
    const { low, high } = comparison.logRatio;
    const agrees = input.claim.value > 0 ? low > 0 : high < 0;
    const [from, to] = input.profile.window;
    const edges = comparison.speedupAt.filter(({ recall }) => recall === from || recall === to);
    return { agrees, comparison, edges, costs };
  });
}

async function pointsAt(sweep: RecallSweep, placed: readonly RecallPoint[]): Promise<RecallPoint[]> {
  const points: RecallPoint[] = [];
  for (const { ef } of placed) points.push(await sweep.at(ef));
  return points;
}

async function measureCosts(
  client: HarnessClient,
  input: ConfirmInput,
  opened: BothSides<OpenReply>,
  points: BothSides<readonly RecallPoint[]>,
): Promise<BothSides<SideCosts>> {
  const middle = (input.profile.window[0] + input.profile.window[1]) / 2;
  const costs = async (side: SideName, which: keyof BothSides<unknown>): Promise<SideCosts> => {
    const { ef } = points[which].reduce((best, point) =>
      Math.abs(point.recall - middle) < Math.abs(best.recall - middle) ? point : best,
    );
    const rows = { start: input.dataset.holdoutRows.start, count: input.dataset.holdoutRows.count };
    const request = { side, ef, k: input.k, rows, seed: input.seed, warm: Math.min(200, rows.count >> 1) };
    const { p50, p95, p99, mean } = unwrap(await client.latency({ ...request, timeoutMs: 120_000 }));
    const memory = unwrap(await client.memory(side));
    return { opened: opened[which], memory, latency: { ef, p50, p95, p99, mean }, throughput: [] };
  };
  const single = { reference: await costs('a', 'reference'), candidate: await costs('b', 'candidate') };
  const throughput = async (side: SideName, ef: number, threads: number): Promise<number> => {
    const request = { side, ef, k: input.k, rows: input.dataset.holdoutRows, seed: input.seed, threads };
    return unwrap(await client.throughput({ ...request, minSeconds: throughputSeconds, timeoutMs: 120_000 }))
      .qps;
  };
  type Throughput = { readonly threads: number; readonly qps: number };
  const both: Record<'reference' | 'candidate', Throughput[]> = { reference: [], candidate: [] };
  for (const threads of input.throughputThreads ?? []) {
    const qps = { reference: 0, candidate: 0 };
    for (const which of ['reference', 'candidate', 'candidate', 'reference'] as const) {
      const side = which === 'reference' ? 'a' : 'b';
      qps[which] += (await throughput(side, single[which].latency.ef, threads)) / 2;
    }
    both.reference.push({ threads, qps: qps.reference });
    both.candidate.push({ threads, qps: qps.candidate });
  }
  return {
    reference: { ...single.reference, throughput: both.reference },
    candidate: { ...single.candidate, throughput: both.candidate },
  };
}
