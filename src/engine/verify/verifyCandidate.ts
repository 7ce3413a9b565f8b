import type { PreparedDataset } from '../../protocol/dataset.ts';
import type { Side } from '../../protocol/harness.ts';
import type { Verdict } from '../../protocol/verdict.ts';
import type { OpenOptions } from '../harnessClient.ts';
import type { ProcessRunner } from '../ports.ts';
import { rejected } from '../rejection.ts';
import { AnswerChecks } from './answerChecks.ts';
import { exportPath, graphFacts, sameBytes } from './builtGraph.ts';
import { type Check, CheckFailed, Checks } from './checks.ts';
import { type FreshProcesses, freshProcesses } from './freshProcesses.ts';

export type { Check } from './checks.ts';

export interface VerifyInput {
  readonly processes: ProcessRunner;
  readonly harnessPath: string;
  readonly small: PreparedDataset;
  /** `build`: the candidate's own graph is checked too. */
  readonly side: Side;
  readonly k: number;
  /** Orders the shuffled pass. */
  readonly seed: number;
  /** What the library is built with; with a sanitizer, only loading, building and answering are checked. */
  readonly sanitizer: 'none' | 'address' | 'thread';
  /** The graph of the code that is patched, on the same set: the lists of a candidate's own graph are no longer. */
  readonly referenceGraph?: string;
  readonly signal?: AbortSignal;
}

export interface VerifyResult {
  /** `accepted`: every check passed. */
  readonly verdict: Verdict;
  readonly checks: readonly Check[];
  readonly lockdown: Readonly<Record<string, unknown>> | null;
}

/** Sanitized builds take up to fifty times as long; so much of the small set shows what they can show. */
const sanitizedRows = 1000;
/** A race needs threads; more than cores make more interleavings. */
const racingThreads = 4;

/**
 * The cheap checks on a small set, each by name: it loads, answers are valid (ids in range and unique, distances true
 * and sorted, none missing), the same in a fresh process, for shuffled queries and after a warm-up of others, no extra
 * threads, no growth of memory. What builds a graph builds the same one twice, and answers alike from its export.
 */
export async function verifyCandidate(input: VerifyInput): Promise<VerifyResult> {
  const checks = new Checks();
  const processes = freshProcesses(input, checks);
  try {
    if (input.sanitizer !== 'none') await checkSanitized(input, checks, processes);
    else if (input.side.mode === 'build') await checkBuilding(input, checks, processes);
    else await checkSearching(input, checks, processes);
    return { verdict: { kind: 'accepted' }, checks: checks.made, lockdown: processes.lockdown };
  } catch (error) {
    if (!(error instanceof CheckFailed)) throw error;
    return { verdict: error.verdict, checks: checks.made, lockdown: processes.lockdown };
  }
}

async function checkSanitized(input: VerifyInput, checks: Checks, processes: FreshProcesses): Promise<void> {
  const { side, sanitizer, small } = input;
  const check = sanitizer === 'thread' ? 'thread-sanitizer-clean' : 'sanitizers-clean';
  const options: OpenOptions =
    side.mode === 'import'
      ? {}
      : { rows: Math.min(small.n, sanitizedRows), threads: sanitizer === 'thread' ? racingThreads : 1 };
  await processes.open(side, options, check, async (client) => {
    const answers = new AnswerChecks(client, input, checks, check);
    await answers.natural();
    checks.pass(check, side.mode === 'build' ? `built ${options.rows} rows` : '');
  });
}

async function checkSearching(input: VerifyInput, checks: Checks, processes: FreshProcesses): Promise<void> {
  const first = await processes.open(input.side, {}, 'loads', async (client) => {
    checks.pass('loads');
    return allAnswerChecks(input, checks, new AnswerChecks(client, input, checks, 'answers-valid'));
  });
  await processes.open(input.side, {}, 'deterministic', async (client) => {
    await new AnswerChecks(client, input, checks, 'deterministic').sameAs(
      first,
      'between two fresh processes',
    );
    checks.pass('deterministic');
  });
}

async function checkBuilding(input: VerifyInput, checks: Checks, processes: FreshProcesses): Promise<void> {
  const { side } = input;
  const paths = [exportPath(side, 'first'), exportPath(side, 'second')] as const;
  const first = await processes.open(side, { export: paths[0] }, 'builds', async (client) => {
    checks.pass('builds');
    return allAnswerChecks(input, checks, new AnswerChecks(client, input, checks, 'answers-valid'));
  });
  await processes.open(side, { export: paths[1] }, 'build-deterministic', async (client) => {
    if (!(await sameBytes(...paths))) {
      const detail = 'two builds with one thread and the same seed made different graphs';
      checks.fail(rejected('wrong-answers', 'build-deterministic', detail));
    }
    checks.pass('build-deterministic');
    await new AnswerChecks(client, input, checks, 'deterministic').sameAs(
      first,
      'between two fresh processes',
    );
    checks.pass('deterministic');
  });
  if (input.referenceGraph !== undefined) await checkListLengths(input.referenceGraph, paths[0], checks);
  const imported: Side = { ...side, mode: 'import', graph: paths[0] };
  await processes.open(imported, {}, 'graph-round-trip', async (client) => {
    await new AnswerChecks(client, input, checks, 'graph-round-trip').sameAs(
      first,
      'between the built index and its exported graph, imported; a reordering inside must be undone outside',
    );
    checks.pass('graph-round-trip');
  });
}

async function allAnswerChecks(
  input: VerifyInput,
  checks: Checks,
  answers: AnswerChecks,
): Promise<AnswerChecks> {
  await answers.natural();
  checks.pass('answers-valid', `ef ${answers.efs.join(', ')}`);
  checks.pass('no-threads');
  answers.efKeepsItsMeaning();
  await answers.independentOfOrder(input.seed + 1);
  await answers.independentOfHistory();
  await answers.stableInMemory();
  return answers;
}

/** M keeps its meaning: no list is longer than the longest that the code as it was makes. */
async function checkListLengths(reference: string, own: string, checks: Checks): Promise<void> {
  const [allowed, made] = [await graphFacts(reference), await graphFacts(own)];
  for (const level of ['base', 'upper'] as const) {
    if (made.longest[level] <= allowed.longest[level]) continue;
    const where = level === 'base' ? 'on level 0' : 'above level 0';
    const detail = `${made.longest[level]} neighbours ${where}, where the reference keeps ${allowed.longest[level]}`;
    checks.fail(rejected('cheat', 'M-keeps-its-meaning', detail));
  }
  checks.pass(
    'M-keeps-its-meaning',
    `at most ${made.longest.base} neighbours on level 0, ${made.longest.upper} above`,
  );
}
