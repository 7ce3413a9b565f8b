import type { PreparedDataset } from '../../protocol/dataset.ts';
import type { AnswerReply, HarnessResult, Side, Violations } from '../../protocol/harness.ts';
import type { Verdict } from '../../protocol/verdict.ts';
import { HarnessClient } from '../harnessClient.ts';
import type { ProcessRunner } from '../ports.ts';
import { failureVerdict, rejected } from '../rejection.ts';

/** One named check and how it went. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface VerifyInput {
  readonly processes: ProcessRunner;
  readonly harnessPath: string;
  readonly small: PreparedDataset;
  readonly side: Side;
  readonly k: number;
  /** Orders the shuffled pass. */
  readonly seed: number;
  /** The library is built with address and undefined-behaviour sanitizers; only loading and answering are checked. */
  readonly sanitized: boolean;
  readonly signal?: AbortSignal;
}

export interface VerifyResult {
  /** `accepted`: every check passed. */
  readonly verdict: Verdict;
  readonly checks: readonly Check[];
  readonly lockdown: Readonly<Record<string, unknown>> | null;
}

/** Answering the small set takes a fraction of a second, with sanitizers a few. */
const answerTimeoutMs = 10_000;
const sanitizedTimeoutMs = 60_000;
/** Resident memory may wander by this much over a pass whose scratch was already faulted in. */
const growthAllowanceBytes = 1 << 20;

/** Ends the checks at the first one that fails. */
class CheckFailed extends Error {
  readonly verdict: Verdict;
  constructor(verdict: Verdict) {
    super('check failed');
    this.verdict = verdict;
  }
}

function describeViolation(answer: AnswerReply): string {
  const counts = (Object.entries(answer.violations) as [keyof Violations, number][]).filter(
    ([, count]) => count > 0,
  );
  const first =
    answer.firstViolation === undefined ? '' : `; first: ${JSON.stringify(answer.firstViolation)}`;
  return `${counts.map(([kind, count]) => `${kind} ${count}`).join(', ')} in ${answer.queries} queries${first}`;
}

/**
 * The cheap checks on a small set, each by name: it loads, answers are valid (ids in range and unique, distances true
 * and sorted, none missing), the same in a fresh process, for shuffled queries and after a warm-up of others, no extra
 * threads, no growth of memory.
 */
export async function verifyCandidate(input: VerifyInput): Promise<VerifyResult> {
  const checks: Check[] = [];
  let lockdown: VerifyResult['lockdown'] = null;
  const pass = (name: string, detail = ''): void => {
    checks.push({ name, ok: true, detail });
  };
  const fail = (verdict: Verdict): never => {
    const detail =
      verdict.kind === 'rejected' ? verdict.detail : verdict.kind === 'failed' ? verdict.error : '';
    checks.push({ name: verdict.kind === 'rejected' ? verdict.check : 'harness', ok: false, detail });
    throw new CheckFailed(verdict);
  };
  const value = <T>(result: HarnessResult<T>, check: string): T => {
    if (result.ok) return result.value;
    const verdict = failureVerdict(result.failure, check);
    const reported = verdict.kind === 'rejected' && /Sanitizer|runtime error/.test(verdict.detail);
    return fail(reported ? rejected('sanitizer', check, verdict.detail) : verdict);
  };

  /** Opens the candidate in fresh processes and works with it. */
  const inFreshProcesses = async (work: (client: HarnessClient) => Promise<void>): Promise<void> => {
    const client = new HarnessClient({ ...input, signal: input.signal });
    try {
      value(await client.data(input.small), 'data');
      const opened = value(await client.open('a', input.side, { sanitized: input.sanitized }), 'loads');
      lockdown = opened.lockdown;
      await work(client);
    } finally {
      await client.quit();
    }
  };
  const rows = input.small.optimizeRows;
  const half = { start: rows.start, count: Math.floor(rows.count / 2) };
  const efs = [input.k, 4 * input.k, 20 * input.k];
  const answer = (client: HarnessClient, ef: number, more: { order?: number; warm?: typeof rows } = {}) =>
    client.answer({
      side: 'a',
      ef,
      k: input.k,
      rows,
      timeoutMs: input.sanitized ? sanitizedTimeoutMs : answerTimeoutMs,
      ...more,
    });

  try {
    const hashes = new Map<number, string>();
    const same = (ef: number, hash: string, check: string, what: string): void => {
      if (hash !== hashes.get(ef))
        fail(rejected('wrong-answers', check, `ef ${ef}: the answers differ ${what}`));
    };
    await inFreshProcesses(async (client) => {
      pass(input.sanitized ? 'sanitized-load' : 'loads');
      for (const ef of efs) {
        const check = input.sanitized ? 'sanitizers-clean' : 'answers-valid';
        const natural = value(await answer(client, ef), check);
        hashes.set(ef, natural.answersHash);
        if (Object.values(natural.violations).some((count) => count > 0)) {
          fail(rejected('wrong-answers', check, `ef ${ef}: ${describeViolation(natural)}`));
        }
        if (natural.threads > 1)
          fail(rejected('cheat', 'no-threads', `${natural.threads} threads while searching`));
      }
      pass(input.sanitized ? 'sanitizers-clean' : 'answers-valid', `ef ${efs.join(', ')}`);
      if (input.sanitized) return;
      pass('no-threads');

      const ef = efs[1]!;
      const shuffled = value(await answer(client, ef, { order: input.seed + 1 }), 'order-independent');
      same(ef, shuffled.answersHash, 'order-independent', 'when the queries come in another order');
      pass('order-independent');
      const warmed = value(await answer(client, ef, { warm: half }), 'history-independent');
      same(ef, warmed.answersHash, 'history-independent', 'after other queries were answered');
      pass('history-independent');
      const again = value(await answer(client, ef, { warm: rows }), 'memory-stable');
      const growth = again.rssAfter - again.rssBefore;
      if (growth > growthAllowanceBytes) {
        fail(
          rejected('memory', 'memory-stable', `memory grew by ${growth} bytes over ${again.queries} queries`),
        );
      }
      pass('memory-stable', `${growth} bytes over ${again.queries} queries`);
    });
    if (!input.sanitized) {
      await inFreshProcesses(async (client) => {
        for (const ef of efs) {
          const fresh = value(await answer(client, ef), 'deterministic');
          same(ef, fresh.answersHash, 'deterministic', 'between two fresh processes');
        }
        pass('deterministic');
      });
    }
    return { verdict: { kind: 'accepted' }, checks, lockdown };
  } catch (error) {
    if (error instanceof CheckFailed) return { verdict: error.verdict, checks, lockdown };
    throw error;
  }
}
