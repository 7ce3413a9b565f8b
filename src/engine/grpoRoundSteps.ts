import { randomBytes } from 'node:crypto';
import type { GrpoRoundReport, TrainingMetrics } from '../protocol/grpo.ts';
import { type LedgerRecord, recordsOf } from '../protocol/ledger.ts';
import type { ModuleName } from '../protocol/module.ts';
import { UserError } from './errors.ts';
import { type EvaluationInput, evaluate, uncompared, verdictText, whyNotCompared } from './grpoEvaluation.ts';
import {
  onlyGroups,
  perModule,
  requireGroups,
  type TrainingSet,
  trainingSet,
  updateOnce,
} from './grpoRound.ts';
import type { RoundFile, RoundPlan, RoundState } from './grpoRoundState.ts';
import type { GrpoRequest } from './grpoRounds.ts';
import { type LedgerContents, readLedger } from './ledger/ledgerReader.ts';
import { ledgerPath } from './ledger/runSummary.ts';
import { derivedSeed } from './policyRequest.ts';
import type { LoadedVersion } from './policyStore.ts';

/** What a round had made when it was cut off. */
interface MadeBefore {
  readonly version: string;
  readonly metrics: TrainingMetrics;
  /** What it was trained on: `RUN/GROUP`. */
  readonly groups: readonly string[];
}

/** One round, from where its file says it stands. */
export class GrpoRound {
  readonly #request: GrpoRequest;
  readonly #file: RoundFile;

  constructor(request: GrpoRequest, file: RoundFile) {
    this.#request = request;
    this.#file = file;
  }

  async run(): Promise<GrpoRoundReport> {
    const { store, services } = this.#request;
    const { clock } = services;
    const started = clock.monotonic();
    const state = (await this.#unfinished()) ?? (await this.#begin());
    const from = store.load(state.from);
    if (state.plan.mode === 'online') await this.#sampled(state, 'sampling', state.plan.modules);
    const made = this.#madeBefore(state);
    const set = await this.#trainingSet(state, from, made);
    if (state.plan.mode === 'offline' && made === undefined) {
      requireGroups(set, from.version);
      if (state.version === null) this.#fillFrom(state, set);
    }
    const outcome = await this.#outcome(state, from, set, made);
    const report: GrpoRoundReport = {
      id: state.id,
      at: state.at,
      policy: 'playbook',
      from: state.from,
      mode: state.plan.mode,
      workspace: this.#request.workspace,
      modules: state.plan.modules,
      datasets: await this.#datasets(state),
      runs: [state.sampling, state.evaluation, state.comparison].flatMap((runId) => runId ?? []),
      groups: {
        used: made?.groups.length ?? set.groups.length,
        skipped: [...set.skipped],
        repaired: set.repaired,
      },
      perModule: perModule(set),
      ...outcome,
      seconds: (clock.monotonic() - started) / 1000,
    };
    await store.saveRound(report);
    await this.#file.remove();
    return report;
  }

  /** The update, what the new version is worth, and whether it samples from here on. */
  async #outcome(
    state: RoundState,
    from: LoadedVersion,
    set: TrainingSet,
    madeBefore: MadeBefore | undefined,
  ): Promise<Pick<GrpoRoundReport, 'training' | 'version' | 'evaluation' | 'promoted' | 'why'>> {
    if (madeBefore === undefined && set.groups.length === 0) {
      const why = 'no group could be trained on';
      return { training: null, version: null, evaluation: null, promoted: false, why };
    }
    const { version, metrics } = madeBefore ?? (await this.#update(state, from, set));
    const made = { training: metrics, version };
    if (state.plan.promote === 'never') {
      const why = `not asked for; \`annsmith grpo promote ${version}\` does it`;
      return { ...made, evaluation: null, promoted: false, why };
    }
    const measured = await this.#measured(state, version);
    const evaluation = evaluate(measured);
    if (evaluation === undefined) {
      return { ...made, evaluation: null, promoted: false, why: whyNotCompared(measured) };
    }
    if (evaluation.notWorse && !(await this.#promoted(state, version))) {
      return { ...made, evaluation, promoted: false, why: 'another version was promoted meanwhile' };
    }
    return { ...made, evaluation, promoted: evaluation.notWorse, why: verdictText(evaluation) };
  }

  /** Promotes the version, once. False where another was promoted meanwhile. */
  async #promoted(state: RoundState, version: string): Promise<boolean> {
    if (state.promoted === true) return true;
    if (!(await this.#request.store.promote(version, { from: state.from }))) return false;
    state.promoted = true;
    await this.#file.write(state);
    return true;
  }

  async #update(
    state: RoundState,
    from: LoadedVersion,
    set: TrainingSet,
  ): Promise<{ readonly version: string; readonly metrics: TrainingMetrics }> {
    const { store, services, workspace, signal } = this.#request;
    const { reporter, clock } = services;
    const message = `training ${from.version} on ${set.groups.length} groups`;
    reporter.progress({ stage: 'train', message });
    const made = await updateOnce({ store, clock, from, set, workspace, seed: state.plan.seed, signal });
    state.version = made.version;
    await this.#file.write(state);
    return made;
  }

  /** The version that the round had made when it was cut off, if it is still there. */
  #madeBefore({ version }: RoundState): MadeBefore | undefined {
    const facts = version === null ? undefined : this.#request.store.facts(version);
    if (version === null || facts === undefined) return undefined;
    return { version, metrics: facts.metrics, groups: facts.ledger.groups };
  }

  /**
   * Groups of the new version, beside what the ledger has of the one that sampled; where it has nothing that was measured
   * alike, a group of that one too.
   */
  async #measured(state: RoundState, version: string): Promise<EvaluationInput> {
    await this.#sampled(state, 'evaluation', state.plan.modules);
    const input = async (): Promise<EvaluationInput> => {
      const { records } = await this.#ledger();
      return { records, runs: [state.evaluation!], version, current: state.from };
    };
    const first = await input();
    // Without what a cut-off round had measured of it, so that its run is gone on with as it was begun.
    const before = first.records.filter(({ runId }) => runId !== state.comparison);
    const modules = uncompared({ ...first, records: before });
    if (modules.length === 0) return first;
    this.#request.services.logger.info(
      `${state.from} was not measured on this code in this setting (${modules.join(', ')}): a group of it is measured to compare`,
    );
    await this.#sampled(state, 'comparison', modules);
    const both = await input();
    if (uncompared(both).length === 0) return both;
    // The code or the setting has changed since the new version was measured, in a round that was cut off between the two.
    state.evaluation = null;
    await this.#sampled(state, 'evaluation', state.plan.modules);
    return input();
  }

  /** The round that was cut off, unless it was asked for otherwise, or another version samples by now than it knows. */
  async #unfinished(): Promise<RoundState | undefined> {
    const state = await this.#file.read();
    // Of one that had done nothing yet there is nothing to go on with.
    if (state === undefined || (state.sampling === null && state.version === null)) return undefined;
    const { store, services } = this.#request;
    const promoted = store.promotedVersion;
    if (state.from !== promoted && state.version !== promoted) {
      services.logger.info(`round ${state.id}, which was cut off, is left: another version samples now`);
      return undefined;
    }
    if (!this.#isAskedFor(state.plan)) {
      services.logger.info(`round ${state.id}, which was cut off, is left: other options`);
      return undefined;
    }
    services.logger.info(`going on with round ${state.id}, which was cut off`);
    return state;
  }

  /** Whether a plan is what is asked for now; modules and datasets that are not named may be any. */
  #isAskedFor(plan: RoundPlan): boolean {
    const { mode, promote, group, groups, modules, datasets, seed } = this.#request;
    return (
      (plan.askedSeed === undefined || plan.askedSeed === seed) &&
      plan.mode === mode &&
      plan.promote === promote &&
      plan.group === group &&
      plan.groups === groups &&
      (modules === undefined || sameNames(plan.modules, modules)) &&
      (datasets.length === 0 || sameNames(plan.datasets, datasets))
    );
  }

  async #begin(): Promise<RoundState> {
    const { store, services, mode, modules, defaultModules, datasets, group, groups, promote } =
      this.#request;
    const now = services.clock.now();
    const from = store.promotedVersion;
    // Another seed for each round, also where the version has stayed the same, or a round was left that had sampled.
    const before = [await store.rounds(), recordsOf((await this.#ledger()).records, 'run')];
    const seed = derivedSeed(
      this.#request.seed,
      `grpo/${from}/${before.map(({ length }) => length).join('/')}`,
    );
    const at = new Date(now).toISOString();
    const state: RoundState = {
      format: 1,
      id: `${at.replace(/[-:]/g, '').replace('T', '-').slice(0, 15)}-${randomBytes(2).toString('hex')}`,
      at,
      from,
      plan: {
        mode,
        modules: [...(modules ?? defaultModules)],
        datasets: [...datasets],
        group,
        groups,
        seed,
        askedSeed: this.#request.seed,
        promote,
      },
      sampling: null,
      evaluation: null,
      comparison: null,
      version: null,
    };
    // On disk with its first run: until then there is nothing to go on with, and a round that was cut off before stays.
    return state;
  }

  /** Offline, the new version is compared where the newest group was measured. */
  #fillFrom(state: RoundState, set: TrainingSet): void {
    const newest = set.groups.at(-1)!;
    const { modules, datasets } = this.#request;
    if (modules === undefined) {
      const names = set.groups.filter(({ runId }) => runId === newest.runId).map(({ module }) => module);
      state.plan.modules = [...new Set(names)];
    }
    if (datasets.length === 0) state.plan.datasets = [...newest.datasets];
  }

  /** Sees to it that the groups of a step are in the ledger, all judged. */
  async #sampled(
    state: RoundState,
    step: 'sampling' | 'evaluation' | 'comparison',
    modules: readonly ModuleName[],
  ): Promise<void> {
    const { services, sample } = this.#request;
    const { plan } = state;
    const known = state[step];
    if (known !== null && isDone((await this.#ledger()).records, known)) return;
    const [first, ...rest] = modules;
    const start = async (resume: string | undefined): Promise<void> => {
      let written: Promise<void> = Promise.resolve();
      const sampled = sample({
        version: step === 'evaluation' ? state.version! : state.from,
        modules: [first!, ...rest],
        datasets: plan.datasets,
        group: plan.group,
        groups: step === 'sampling' ? plan.groups : 1,
        seed: step === 'sampling' ? plan.seed : derivedSeed(plan.seed, step),
        resume,
        onRun: (runId) => {
          state[step] = runId;
          written = this.#file.write(state);
          // Waited for below; a failure before that is no unhandled one.
          written.catch(() => undefined);
        },
      });
      // Also of one that fails: once the round's lock is free, nothing may be on its way to the file.
      state[step] = await sampled.finally(() => written.catch(() => undefined));
      await written;
    };
    try {
      await start(known ?? undefined);
    } catch (error) {
      const cannotGoOn = ['run-stale', 'no-such-run', 'run-done'];
      if (known === null || !(error instanceof UserError) || !cannotGoOn.includes(error.code)) throw error;
      services.logger.warn(`${error.message}; its groups stay in the ledger, and new ones are sampled`);
      await start(undefined);
    }
  }

  async #trainingSet(
    state: RoundState,
    from: LoadedVersion,
    made: MadeBefore | undefined,
  ): Promise<TrainingSet> {
    const { store, advantageLimit } = this.#request;
    const { records, problems } = await this.#ledger();
    // Where a round goes on, what it has sampled since its update is not part of what it was trained on.
    const own = records.filter(({ runId }) => runId !== state.evaluation && runId !== state.comparison);
    const set = trainingSet({ records: own, problems }, { from, grammar: store.grammar }, advantageLimit);
    // Nor is what the ledger got from elsewhere.
    return made === undefined ? set : onlyGroups(set, made.groups);
  }

  /** Names of the datasets as the round's runs have them. */
  async #datasets(state: RoundState): Promise<string[]> {
    const runId = state.evaluation ?? state.sampling;
    const run = recordsOf((await this.#ledger()).records, 'run').find((record) => record.runId === runId);
    const names = run?.datasets.filter(({ heldOut }) => !heldOut).map(({ name }) => name);
    return names ?? state.plan.datasets;
  }

  #ledger(): Promise<LedgerContents> {
    return readLedger(ledgerPath(this.#request.root));
  }
}

function sameNames(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name) => other.includes(name));
}

function isDone(records: readonly LedgerRecord[], runId: string): boolean {
  const end = records.findLast(
    (record) => record.runId === runId && (record.type === 'run-end' || record.type === 'resume'),
  );
  return end?.type === 'run-end' && end.status === 'done';
}
