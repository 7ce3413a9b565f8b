import type { AnswerReply, Violations } from '../../protocol/harness.ts';
import type { AnswerRequest, HarnessClient } from '../harnessClient.ts';
import { rejected } from '../rejection.ts';
import type { Checks } from './checks.ts';
import type { VerifyInput } from './verifyCandidate.ts';

/** Answering the small set takes a fraction of a second, with sanitizers a few. */
const answerTimeoutMs = 10_000;
const sanitizedTimeoutMs = 60_000;
/** Resident memory may wander by this much over a pass whose scratch was already faulted in. */
const growthAllowanceBytes = 1 << 20;

/** Where every neighbour is found, answers cannot differ any more. */
const complete = 0.999;
/** Recall may fall by this much at a larger ef: greedy search is not monotonous in it. */
const recallSlack = 0.02;
/** Twenty times the beam takes several times as long; less than this says that it is not the beam. */
const leastEffort = 1.2;

/** What one open index answers on the small set. Violations fail `check`. */
export class AnswerChecks {
  readonly efs: readonly number[];
  readonly #client: HarnessClient;
  readonly #input: VerifyInput;
  readonly #checks: Checks;
  readonly #check: string;
  readonly #answers = new Map<number, AnswerReply>();

  constructor(client: HarnessClient, input: VerifyInput, checks: Checks, check: string) {
    this.#client = client;
    this.#input = input;
    this.#checks = checks;
    this.#check = check;
    this.efs = [input.k, 4 * input.k, 20 * input.k];
  }

  /** All queries in their order at every ef: valid, by one thread. */
  async natural(): Promise<void> {
    for (const ef of this.efs) {
      const answer = await this.#ask(this.#check, { ef });
      if (Object.values(answer.violations).some((count) => count > 0)) {
        this.#checks.fail(rejected('wrong-answers', this.#check, `ef ${ef}: ${describeViolation(answer)}`));
      }
      if (answer.threads > 1 && this.#input.sanitizer === 'none') {
        this.#checks.fail(rejected('cheat', 'no-threads', `${answer.threads} threads while searching`));
      }
      this.#answers.set(ef, answer);
    }
  }

  /** The same answers as another index gave, by `natural`. */
  async sameAs(other: AnswerChecks, what: string): Promise<void> {
    await this.natural();
    for (const ef of this.efs) other.#requireSame(ef, this.#answers.get(ef)!, this.#check, what);
  }

  /** More ef finds more, or takes longer where nothing is missing; after `natural`. */
  efKeepsItsMeaning(): void {
    const check = 'ef-keeps-its-meaning';
    const fail = (detail: string): never => this.#checks.fail(rejected('cheat', check, detail));
    const asked = this.efs.map((ef) => ({ ef, ...this.#answers.get(ef)! }));
    for (const [i, high] of asked.entries()) {
      const low = asked[i - 1];
      if (low === undefined) continue;
      const recalls = `recall ${low.recall.toFixed(4)} at ef ${low.ef}, ${high.recall.toFixed(4)} at ef ${high.ef}`;
      if (high.recall < low.recall - recallSlack) fail(recalls);
      if (high.recall < complete && high.answersHash === low.answersHash)
        fail(`${recalls}: the same answers`);
    }
    const [low, high] = [asked[0]!, asked[asked.length - 1]!];
    const effort = (high.singleSeconds ?? Number.NaN) / (low.singleSeconds ?? Number.NaN);
    const times = `a query takes ${effort.toFixed(2)}x the time at ${high.ef / low.ef}x the ef`;
    if (high.answersHash === low.answersHash && effort < leastEffort) fail(`the same answers, and ${times}`);
    this.#checks.pass(check, Number.isNaN(effort) ? '' : times);
  }

  async independentOfOrder(seed: number): Promise<void> {
    const check = 'order-independent';
    const ef = this.efs[1]!;
    const shuffled = await this.#ask(check, { ef, order: seed });
    this.#requireSame(ef, shuffled, check, 'when the queries come in another order');
    this.#checks.pass(check);
  }

  async independentOfHistory(): Promise<void> {
    const check = 'history-independent';
    const ef = this.efs[1]!;
    const { start, count } = this.#input.small.optimizeRows;
    const warmed = await this.#ask(check, { ef, warm: { start, count: Math.floor(count / 2) } });
    this.#requireSame(ef, warmed, check, 'after other queries were answered');
    this.#checks.pass(check);
  }

  async stableInMemory(): Promise<void> {
    const check = 'memory-stable';
    const again = await this.#ask(check, { ef: this.efs[1]!, warm: this.#input.small.optimizeRows });
    const growth = again.rssAfter - again.rssBefore;
    const detail = `${growth} bytes over ${again.queries} queries`;
    if (growth > growthAllowanceBytes)
      this.#checks.fail(rejected('memory', check, `memory grew by ${detail}`));
    this.#checks.pass(check, detail);
  }

  #requireSame(ef: number, answer: AnswerReply, check: string, what: string): void {
    const { answersHash, distancesHash } = this.#answers.get(ef)!;
    // Points at the same distance may take each other's place.
    if (answer.answersHash === answersHash || answer.distancesHash === distancesHash) return;
    this.#checks.fail(rejected('wrong-answers', check, `ef ${ef}: the answers differ ${what}`));
  }

  async #ask(check: string, request: Pick<AnswerRequest, 'ef' | 'order' | 'warm'>): Promise<AnswerReply> {
    const { k, sanitizer, small } = this.#input;
    const timeoutMs = sanitizer === 'none' ? answerTimeoutMs : sanitizedTimeoutMs;
    const rows = small.optimizeRows;
    return this.#checks.value(
      await this.#client.answer({ side: 'a', k, rows, timeoutMs, ...request }),
      check,
    );
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
