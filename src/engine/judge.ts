import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModuleName } from '../protocol/module.ts';
import type { Completion, StyleGate } from '../protocol/policy.ts';
import type { Rewarded, RewardsRequest } from '../protocol/rewards.ts';
import { parseCompletion } from './candidate/completion/parseCompletion.ts';
import { styleGate } from './candidate/style/styleGate.ts';
import { judgeGroup } from './cascade.ts';
import type { CascadeContext } from './cascadeContext.ts';
import { applyAndCompile } from './cascadeStages.ts';
import { compileState } from './codeState.ts';
import { logCompletion } from './completionLog.ts';
import { externalPolicy } from './externalPolicy.ts';
import { Journal } from './journal.ts';
import { type Candidate, gainOf, newCandidate, rewardOf } from './judged.ts';
import { completionHash, judgedBefore, verdictTold } from './judgedBefore.ts';
import { readLedger } from './ledger/ledgerReader.ts';
import { ensureStateFolder, openLedger } from './ledger/ledgerWriter.ts';
import { ledgerPath } from './ledger/runSummary.ts';
import type { CppSyntaxTrees } from './module/cppSyntax.ts';
import type { Workspace } from './module/workspace.ts';
import { mapParallel } from './parallel.ts';
import { referenceReports } from './referenceReports.ts';
import { requireRegions } from './requireRegions.ts';
import { type RunContext, withRunContext } from './runContext.ts';
import { newRunId } from './runId.ts';
import { logGroupEnd, logJudgement, type RunPlan, runRecord } from './runLog.ts';
import { storeReference } from './runReference.ts';
import { cascadeContext, firstStand, gateCostsOf, type StandPlan } from './stand.ts';
import { JudgedPrograms, withTwins } from './twins.ts';

export interface JudgeRequest
  extends Pick<RunContext, 'services' | 'signal'>,
    Pick<StandPlan, 'locate'>,
    Omit<RunPlan, 'policy' | 'group' | 'rounds' | 'budgetSeconds' | 'apply' | 'heldOut'> {
  readonly workspace: Workspace;
  readonly syntax: CppSyntaxTrees;
}

type AskedCompletion = RewardsRequest['completions'][number];

/** Compilations at once. */
const compileWidth = 2;

/**
 * Makes the workspace ready to judge completions against, once, and keeps it so while `work` goes on. Everything that is
 * judged stands in the ledger, as groups of one run.
 */
export async function withJudge<T>(request: JudgeRequest, work: (judge: Judge) => Promise<T>): Promise<T> {
  const { services, workspace, modules } = request;
  for (const module of modules) requireRegions(workspace, module);
  const stateFolder = await ensureStateFolder(workspace.root);
  return withRunContext(request, async (run) => {
    const { records } = await readLedger(ledgerPath(workspace.root));
    const reference = await compileState(run, 'reference', workspace);
    const stand = await firstStand(request, run, reference);
    const searches = modules.some((module) => module !== 'construction');
    const reports = await referenceReports(run, reference, stand.small[0]!, [
      ...(searches ? (['address'] as const) : []),
      ...(modules.includes('construction') ? (['address-build', 'thread-build'] as const) : []),
    ]);
    const gateCosts = gateCostsOf(stand.whole);
    const contexts = new Map<ModuleName, Omit<CascadeContext, 'onJudged'>>();
    for (const module of modules) {
      const made = await cascadeContext(request, run, module, stand, gateCosts, module === 'construction');
      contexts.set(module, { ...made, referenceReports: reports, deadline: undefined });
    }
    const journal = new Journal(
      openLedger(ledgerPath(workspace.root), services.clock),
      newRunId(services.clock.now()),
      [],
    );
    const folder = join(stateFolder, 'runs', journal.runId);
    await mkdir(folder, { recursive: true });
    await storeReference(folder, workspace, modules);
    const plan: RunPlan = {
      ...request,
      heldOut: [],
      policy: { ...externalPolicy, sample: neverSampled },
      group: 1,
      rounds: 1,
      budgetSeconds: undefined,
      apply: 'none',
      stopAfter: 'groups',
    };
    const record = runRecord(plan, reference, run.compiler);
    await journal.append(record);
    const known = judgedBefore(records, reference.sourceHash, record);
    const judge = new Judge(request, contexts, journal, folder, known);
    try {
      return await work(judge);
    } finally {
      await judge.idle();
      await journal.append({ type: 'run-end', status: 'done', best: [], applied: false });
    }
  });
}

// biome-ignore lint/correctness/useYield: completions come from outside.
async function* neverSampled(): AsyncGenerator<Completion> {
  throw new Error('completions come from outside');
}

/**
 * Rewards completions. Each text is judged once: who asks for it again, or while it is judged, gets the same answer. So is
 * each program: measured twice, it would be worth two things, and a trainer would learn the noise.
 */
export class Judge {
  readonly modules: readonly ModuleName[];
  readonly runId: string;
  readonly #request: JudgeRequest;
  readonly #contexts: ReadonlyMap<ModuleName, Omit<CascadeContext, 'onJudged'>>;
  readonly #journal: Journal;
  readonly #folder: string;
  readonly #style: StyleGate;
  readonly #known: Map<string, Promise<Omit<Rewarded, 'id'>>>;
  readonly #programs = new JudgedPrograms();
  #groups = 0;
  /** Completions that wait or are being judged. */
  #pending = 0;
  /** Timing is exclusive: groups are judged one after the other, whatever compiles beside them. */
  #queue: Promise<unknown> = Promise.resolve();
  /** So are they compiled, however many requests come at once. */
  #compiling: Promise<unknown> = Promise.resolve();
  #judgedSeconds = 0;
  #judgedCount = 0;

  constructor(
    request: JudgeRequest,
    contexts: ReadonlyMap<ModuleName, Omit<CascadeContext, 'onJudged'>>,
    journal: Journal,
    folder: string,
    known: ReadonlyMap<string, Omit<Rewarded, 'id'>>,
  ) {
    this.#request = request;
    this.#contexts = contexts;
    this.#journal = journal;
    this.#folder = folder;
    this.modules = request.modules;
    this.runId = journal.runId;
    this.#style = styleGate(request.syntax, request.workspace.manifest.style);
    this.#known = new Map([...known].map(([hash, rewarded]) => [hash, Promise.resolve(rewarded)]));
  }

  get pending(): number {
    return this.#pending;
  }

  /** How long what waits will take, from what was judged before. */
  get expectedSeconds(): number {
    const each = this.#judgedCount === 0 ? 20 : this.#judgedSeconds / this.#judgedCount;
    return Math.ceil(each * this.#pending);
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await Promise.allSettled([...this.#known.values()]);
    await this.#queue;
  }

  /** How many of these have not been judged and are not being judged. */
  newAmong(module: ModuleName, texts: readonly string[]): number {
    return new Set(texts.map((text) => completionHash(module, text)).filter((hash) => !this.#known.has(hash)))
      .size;
  }

  /** Rewards in the order of the completions. Rejects only where the measuring itself fails. */
  async reward(
    module: ModuleName,
    completions: readonly AskedCompletion[],
    policy: { readonly id: string; readonly version: string } = externalPolicy,
  ): Promise<Rewarded[]> {
    const hashes = completions.map(({ text }) => completionHash(module, text));
    const fresh = new Map<string, AskedCompletion>();
    for (const [i, hash] of hashes.entries()) {
      if (!this.#known.has(hash)) fresh.set(hash, completions[i]!);
    }
    if (fresh.size > 0) {
      const group = this.#judge(module, [...fresh.values()], policy);
      for (const [i, hash] of [...fresh.keys()].entries()) {
        const own = group.then((judged) => ({ ...judged[i]!, hash }));
        this.#known.set(hash, own);
        // What failed for a reason outside of the code is tried again when it is asked for again.
        own.then(
          ({ reward }) => reward === null && this.#known.delete(hash),
          () => this.#known.delete(hash),
        );
      }
    }
    const judged = await Promise.all(hashes.map((hash) => this.#known.get(hash)!));
    return judged.map((rewarded, i) => ({ id: completions[i]!.id, ...rewarded }));
  }

  async #judge(
    module: ModuleName,
    asked: readonly AskedCompletion[],
    policy: { readonly id: string; readonly version: string },
  ): Promise<Omit<Rewarded, 'id' | 'hash'>[]> {
    const groupId = `g${++this.#groups}`;
    this.#pending += asked.length;
    try {
      const context: CascadeContext = {
        ...this.#contexts.get(module)!,
        onJudged: (candidate) => logJudgement(this.#journal, groupId, candidate, this.#request.aggregate),
      };
      const compiled = this.#compiling.then(() => this.#compiled(context, groupId, asked));
      this.#compiling = compiled.catch(() => undefined);
      const group = await compiled;
      const turn = this.#queue.then(() => this.#measured(context, groupId, group, policy));
      this.#queue = turn.catch(() => undefined);
      await turn;
      return group.map((candidate) => rewardedOf(candidate, this.#request.aggregate));
    } finally {
      this.#pending -= asked.length;
    }
  }

  /** Reads and compiles beside whatever is being timed; who has the very code of another is not compiled. */
  async #compiled(
    context: CascadeContext,
    groupId: string,
    asked: readonly AskedCompletion[],
  ): Promise<Candidate[]> {
    const { state, module, locate } = context;
    const { files, regions } = state.workspace;
    const group = asked.map(({ text, tokenIds = [], logprobs = [] }, i) => {
      const { outcome } = parseCompletion(text, { files, regions: regions[module], locate });
      const candidate = newCandidate(`${groupId}c${i + 1}`, { text, tokenIds, logprobs, outcome }, files);
      candidate.style = this.#style;
      return candidate;
    });
    const fresh = withTwins(group, this.#programs.of(module)).filter(({ sameAs }) => sameAs === undefined);
    await mapParallel(fresh, compileWidth, async (candidate) => {
      if (candidate.verdict !== undefined) return;
      await applyAndCompile(context, candidate);
      if (candidate.verdict !== undefined || candidate.patch === null) return;
      const change = { before: files, after: candidate.files, regions: regions[module] };
      // A comment may be all that is wrong: where code is refused, its twins in other comments are judged by themselves.
      if (this.#style.refusals(change).length > 0) return;
      candidate.codeHash = this.#style.codeHash(change);
    });
    return group;
  }

  async #measured(
    context: CascadeContext,
    groupId: string,
    group: readonly Candidate[],
    policy: { readonly id: string; readonly version: string },
  ): Promise<void> {
    const { clock } = this.#request.services;
    const begin = clock.monotonic();
    const { module, state } = context;
    await this.#journal.append({
      type: 'group',
      groupId,
      module,
      round: this.#groups,
      baseHash: state.sourceHash,
      policy,
      sampling: {},
      prompt: { module },
      completions: group.length,
    });
    for (const candidate of group) await logCompletion(this.#journal, groupId, this.#folder, candidate);
    // Now that the groups before are judged.
    const earlier = this.#programs.of(module);
    withTwins(
      group.filter(({ verdict }) => verdict === undefined),
      earlier,
    );
    await judgeGroup(context, group);
    await logGroupEnd(this.#journal, groupId, group, [...earlier, ...group], this.#request.aggregate);
    this.#programs.add(module, group);
    this.#judgedSeconds += (clock.monotonic() - begin) / 1000;
    this.#judgedCount += group.length;
  }
}

function rewardedOf(
  candidate: Candidate,
  aggregate: JudgeRequest['aggregate'],
): Omit<Rewarded, 'id' | 'hash'> {
  const verdict = candidate.verdict ?? { kind: 'cancelled' };
  return {
    reward: rewardOf(candidate, aggregate)?.shaped ?? null,
    gain: gainOf(candidate, aggregate) ?? null,
    ...verdictTold(verdict),
  };
}
