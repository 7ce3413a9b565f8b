import type { HarnessFailure } from '../protocol/harness.ts';
import type { RejectionReason, Verdict } from '../protocol/verdict.ts';

type Rejected = Extract<Verdict, { kind: 'rejected' }>;

export function rejected(reason: RejectionReason, check: string, detail: string): Rejected {
  return { kind: 'rejected', reason, check, detail };
}

/** What a failure of the harness says about the candidate; `protocol` failures say nothing about it and are ours. */
const reasons: Readonly<Record<string, RejectionReason>> = {
  crash: 'crash',
  exited: 'crash',
  status: 'crash',
  abi: 'wrong-answers',
  graph: 'wrong-answers',
  timeout: 'timeout',
  memory: 'memory',
  threads: 'cheat',
  clock: 'cheat',
  syscall: 'cheat',
  processes: 'cheat',
  lazy: 'cheat',
  memorised: 'cheat',
};

/** Checks that only a cheat fails, by the harness's reason. */
const cheatChecks: Readonly<Record<string, string>> = {
  threads: 'no-threads',
  clock: 'no-clock',
  syscall: 'no-syscall',
  processes: 'no-processes',
  lazy: 'no-postponed-work',
  memorised: 'no-results-kept',
};

/** Turns a harness failure into the candidate's verdict; `check` is what was being checked. */
export function failureVerdict(failure: HarnessFailure, check: string): Verdict {
  const reason =
    failure.stage === 'protocol' || failure.stage === 'data' ? undefined : reasons[failure.reason];
  const detail = `${failure.stage}: ${failure.detail}`;
  if (reason === undefined) return { kind: 'failed', error: `the harness failed during ${check}: ${detail}` };
  return rejected(reason, cheatChecks[failure.reason] ?? check, detail);
}
