import type { OpenReply, Side } from '../../protocol/harness.ts';
import { HarnessClient, type OpenOptions } from '../harnessClient.ts';
import { rejected } from '../rejection.ts';
import type { Checks } from './checks.ts';
import type { VerifyInput } from './verifyCandidate.ts';

/** Linking takes milliseconds; what computes before anybody asks for an index hides its work. */
const loadCpuAllowance = 0.1;
/** An index has nothing to wait for: the base vectors are in memory, and there is one thread. */
const sleepAllowanceSeconds = 0.5;
/** Building the small set takes seconds; sanitized, a minute or two. */
const openTimeoutMs = 60_000;
const sanitizedOpenTimeoutMs = 300_000;
/** What a process of the small set may hold; far above any honest index of it. */
const memoryBytes = 2 ** 31;

export interface FreshProcesses {
  /** What of the lock-down held. */
  readonly lockdown: Readonly<Record<string, unknown>> | null;
  /** Opens a side in processes that nothing else has used, works with it, ends them. A failure to open fails `check`. */
  open<T>(
    side: Side,
    options: OpenOptions,
    check: string,
    work: (client: HarnessClient) => Promise<T>,
  ): Promise<T>;
}

/** What a library's build and preparation may not do, wherever they do it. Judged by the best of several processes. */
function checkCosts(opened: readonly OpenReply[], checks: Checks): void {
  const load = Math.min(...opened.map(({ loadCpuSeconds }) => loadCpuSeconds));
  const loadDetail = `${load.toFixed(3)} s of CPU time while it was loaded`;
  if (load > loadCpuAllowance) checks.fail(rejected('cheat', 'no-work-at-load', loadDetail));
  checks.pass('no-work-at-load', loadDetail);
  const asleep = Math.min(...opened.map(({ asleepSeconds }) => asleepSeconds));
  const asleepDetail = `asleep for ${asleep.toFixed(3)} s`;
  if (asleep > sleepAllowanceSeconds) checks.fail(rejected('cheat', 'no-sleep', asleepDetail));
  checks.pass('no-sleep', asleepDetail);
}

export function freshProcesses(input: VerifyInput, checks: Checks): FreshProcesses {
  const { processes, harnessPath, signal, small, sanitizer } = input;
  const sanitized = sanitizer !== 'none';
  const limits = { memoryBytes, openTimeoutMs: sanitized ? sanitizedOpenTimeoutMs : openTimeoutMs };
  const replies: OpenReply[] = [];
  return {
    get lockdown() {
      return replies[0]?.lockdown ?? null;
    },
    async open(side, options, check, work) {
      const client = new HarnessClient({ processes, harnessPath, signal });
      try {
        checks.value(await client.data(small), 'data');
        const all = { ...options, ...(sanitizer === 'none' ? { strict: true } : { sanitizer }) };
        const opened = checks.value(await client.open('a', { ...limits, ...side }, all), check);
        replies.push(opened);
        // The first may have been held up by the machine: by a disk, or by whoever stopped it.
        if (replies.length === 2 && !sanitized) checkCosts(replies, checks);
        return await work(client);
      } finally {
        await client.quit();
      }
    },
  };
}
