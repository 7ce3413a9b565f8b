import type { HarnessResult } from '../../protocol/harness.ts';
import type { Verdict } from '../../protocol/verdict.ts';
import { failureVerdict, rejected } from '../rejection.ts';

/** One named check and how it went. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Ends the checks at the first one that fails. */
export class CheckFailed extends Error {
  readonly verdict: Verdict;
  constructor(verdict: Verdict) {
    super('check failed');
    this.verdict = verdict;
  }
}

/** Keeps the checks in the order in which they were made. */
export class Checks {
  readonly made: Check[] = [];

  pass(name: string, detail = ''): void {
    this.made.push({ name, ok: true, detail });
  }

  /** @throws CheckFailed always. */
  fail(verdict: Verdict): never {
    if (verdict.kind === 'rejected') {
      this.made.push({ name: verdict.check, ok: false, detail: verdict.detail });
    } else if (verdict.kind === 'failed') {
      this.made.push({ name: 'harness', ok: false, detail: verdict.error });
    }
    throw new CheckFailed(verdict);
  }

  /** The value of a command; its failure fails `check`. A sanitizer's report is told from a crash. */
  value<T>(result: HarnessResult<T>, check: string): T {
    if (result.ok) return result.value;
    const verdict = failureVerdict(result.failure, check);
    const reported = verdict.kind === 'rejected' && /Sanitizer|runtime error/.test(verdict.detail);
    return this.fail(reported ? rejected('sanitizer', check, verdict.detail) : verdict);
  }
}
