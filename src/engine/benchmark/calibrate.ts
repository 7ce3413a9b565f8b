import type { Calibration, InjectedSlowdown } from '../../protocol/calibration.ts';
import type { Side } from '../../protocol/harness.ts';
import type { RecallWindow } from '../../protocol/measurement.ts';
import type { HarnessClient } from '../harnessClient.ts';
import { seededRandom } from '../random.ts';
import type { ProcessEffect } from './bootstrap.ts';
import { bootstrapReplicates, pairedChunk, pairedLead, pairSeconds } from './compare.ts';
import { speedupRecalls } from './comparison.ts';
import { type LivePlan, LiveRounds } from './liveRounds.ts';
import {
  type MeasurementContext,
  type Outcome,
  openFirstPair,
  openPair,
  runMeasurement,
  unwrap,
} from './measurementContext.ts';
import { profileReference, type ReferenceProfile } from './referenceProfile.ts';
import { bankOf, countFalseCalls, estimateProcessEffect } from './replay.ts';
import type { RoundSample } from './roundSample.ts';
import { type DecisionSettings, decideSequentially, equivalenceRange } from './sequential.ts';
import { measureSwitchingBias } from './switchingBias.ts';

export interface CalibrateInput extends MeasurementContext {
  readonly reference: Side;
  readonly window: RecallWindow;
  readonly ef: 'auto' | readonly number[];
  /** The cache walker (`calibrationLibraryPath()`), and a folder it may write to. */
  readonly walkerLibrary: string;
  readonly walkerScratch: string;
  /** Smaller numbers make a shorter, weaker calibration; the defaults take six to eight minutes. */
  readonly effort?: Partial<CalibrationEffort>;
}

export interface CalibrationEffort {
  readonly processPairs: number;
  /** Seconds of rounds in each process pair of the bank. */
  readonly secondsPerPair: number;
  readonly replays: number;
  readonly slowdowns: readonly number[];
  /** For each injected slow-down, loading included. */
  readonly slowdownSeconds: number;
  readonly cacheShares: readonly number[];
  /** For each size of the working set, beside finding its chunk. */
  readonly biasSeconds: number;
}

const fullEffort: CalibrationEffort = {
  processPairs: 24,
  secondsPerPair: 6,
  replays: 200,
  slowdowns: [0.01, 0.02, 0.05],
  slowdownSeconds: 55,
  cacheShares: [0.5, 1, 4],
  biasSeconds: 30,
};

/** Rounds per ef pair and process pair in the bank; a replay uses one of them. */
const roundsInBank = 2;
const slowdownProcessPairs = 10;
const slowdownLooks = 5;
/** Cache lines that one search of the walker touches: some 200 distances of 784 floats, as a query on MNIST. */
const walkerTouches = 10_000;

/**
 * What this machine's measurements are worth: false calls between equals, the recovery of known slow-downs, and what
 * alternation does to the cache. Holds the timing lock throughout, except for the replays.
 */
export async function calibrate(input: CalibrateInput): Promise<Outcome<Calibration>> {
  const effort = { ...fullEffort, ...input.effort };
  const started = input.clock.monotonic();
  const profiled = await profileReference(input);
  if (profiled.kind !== 'measured') return profiled;
  const profile = profiled.value;

  const live = await runMeasurement(input, async (client) => {
    const { cpu } = unwrap(await client.hello());
    const sides = { reference: input.reference, candidate: input.reference };
    await openFirstPair(client, sides);
    const bank = await fillBank(input, client, profile, effort);
    const processEffect = estimateProcessEffect(bankOf(bank), settingsOf(input, profile, 1));
    const slowdowns: InjectedSlowdown[] = [];
    for (const slowdown of effort.slowdowns) {
      slowdowns.push(await injectSlowdown(input, client, profile, processEffect, slowdown, effort));
    }
    const switchingBias = [];
    for (const cacheShare of effort.cacheShares) {
      report(input, `Switching bias at ${cacheShare} x last-level cache`);
      switchingBias.push(
        await measureSwitchingBias({
          client,
          walker: (bytes) => walkerSide(input, bytes),
          cacheShare,
          llcBytes: cpu.llcBytes,
          k: input.k,
          ef: input.k,
          rows: input.dataset.optimizeRows,
          seed: input.seed,
          clock: input.clock,
          seconds: effort.biasSeconds,
          replace: true,
        }),
      );
    }
    return { cpu, bank: bankOf(bank), processEffect, slowdowns, switchingBias };
  });
  if (live.kind !== 'measured') return live;
  const { cpu, bank, processEffect, slowdowns, switchingBias } = live.value;

  report(input, `Replaying ${effort.replays} comparisons of equals`);
  const replays = async (looks: number, processPairs: number) =>
    countFalseCalls(bank, {
      replays: effort.replays,
      processPairs,
      settings: { ...settingsOf(input, profile, looks), processEffect },
      signal: input.signal,
    });
  try {
    const screening = await replays(1, 2);
    const confirmation = await replays(1, 6);
    const value: Calibration = {
      schema: 1,
      datasetFingerprint: input.dataset.fingerprint,
      cpu: cpu.model,
      llcBytes: cpu.llcBytes,
      falsePositiveRate: screening.rate,
      screening,
      confirmation,
      processEffect,
      slowdowns,
      switchingBias,
      seconds: (input.clock.monotonic() - started) / 1000,
    };
    return { kind: 'measured', value };
  } catch (error) {
    if (input.signal?.aborted === true) return { kind: 'cancelled' };
    throw error;
  }
}

function settingsOf(input: CalibrateInput, profile: ReferenceProfile, looks: number) {
  return {
    recallReference: profile.points,
    recallCandidate: profile.points,
    k: input.k,
    window: profile.window,
    speedupAt: speedupRecalls(profile.window),
    replicates: bootstrapReplicates,
    random: seededRandom(input.seed, 'calibrate'),
    looks,
    equivalence: equivalenceRange,
  } satisfies Omit<DecisionSettings, 'processEffect'>;
}

type FixedPlan = Omit<LivePlan, 'looks' | 'processPairs' | 'deadline' | 'seed'>;

/** Paired chunks of the reference against itself at its own ef values. */
function selfPlan(input: CalibrateInput, profile: ReferenceProfile): FixedPlan {
  return {
    sides: { reference: input.reference, candidate: input.reference },
    efPairs: profile.points.map(({ ef }) => ({ efReference: ef, efCandidate: ef })),
    secondsPerQuery: pairSeconds(profile.points, profile.points),
    chunk: pairedChunk,
    lead: pairedLead,
    rows: input.dataset.optimizeRows,
  };
}

async function fillBank(
  input: CalibrateInput,
  client: HarnessClient,
  profile: ReferenceProfile,
  effort: CalibrationEffort,
): Promise<RoundSample[]> {
  const passes = effort.processPairs * roundsInBank;
  const loading = profile.opened.buildWallSeconds + profile.opened.prepareWallSeconds;
  const seconds = effort.processPairs * (effort.secondsPerPair + 2 * loading);
  const rounds = new LiveRounds(input, client, {
    ...selfPlan(input, profile),
    looks: passes,
    processPairs: effort.processPairs,
    deadline: input.clock.monotonic() + seconds * 1000,
    runAllPasses: true,
    seed: `${input.seed} bank`,
  });
  const bank: RoundSample[] = [];
  for (let pass = 1; pass <= passes; pass++) {
    const processPair = Math.ceil(pass / roundsInBank);
    report(
      input,
      `Reference against itself, process pair ${processPair} of ${effort.processPairs}`,
      pass / passes,
    );
    bank.push(...(await rounds.next(pass)));
  }
  return bank;
}

async function injectSlowdown(
  input: CalibrateInput,
  client: HarnessClient,
  profile: ReferenceProfile,
  processEffect: ProcessEffect,
  slowdown: number,
  effort: CalibrationEffort,
): Promise<InjectedSlowdown> {
  report(input, `Injected slow-down of ${slowdown * 100} %`);
  const started = input.clock.monotonic();
  const plan = selfPlan(input, profile);
  await openPair(client, plan.sides, { replace: true, first: 'reference' });
  const rounds = new LiveRounds(input, client, {
    ...plan,
    looks: slowdownLooks,
    processPairs: slowdownProcessPairs,
    deadline: started + effort.slowdownSeconds * 1000,
    seed: `${input.seed} slowdown ${slowdown}`,
    slowCandidate: slowdown,
  });
  const settings = { ...settingsOf(input, profile, slowdownLooks), processEffect };
  const { logRatio, stopped } = await decideSequentially(rounds, settings);
  return {
    slowdown,
    expected: -Math.log1p(slowdown),
    logRatio,
    called: logRatio.high < 0,
    stopped,
    processPairs: rounds.processPairs,
    seconds: (input.clock.monotonic() - started) / 1000,
  };
}

function walkerSide(input: CalibrateInput, bytes: number): Side {
  return {
    library: input.walkerLibrary,
    params: { footprintBytes: bytes, touches: walkerTouches },
    mode: 'build',
    scratch: input.walkerScratch,
  };
}

function report(input: CalibrateInput, message: string, fraction?: number): void {
  input.onProgress?.({ stage: 'calibrate', message, ...(fraction === undefined ? {} : { fraction }) });
}
