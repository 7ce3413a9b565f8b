import type { Side } from '../../protocol/harness.ts';
import { HarnessClient, type OpenOptions } from '../harnessClient.ts';
import type { Checks } from './checks.ts';
import type { VerifyInput } from './verifyCandidate.ts';

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

export function freshProcesses(input: VerifyInput, checks: Checks): FreshProcesses {
  const { processes, harnessPath, signal, small, sanitizer } = input;
  const sanitized = sanitizer !== 'none';
  const limits = { memoryBytes, openTimeoutMs: sanitized ? sanitizedOpenTimeoutMs : openTimeoutMs };
  let lockdown: FreshProcesses['lockdown'] = null;
  return {
    get lockdown() {
      return lockdown;
    },
    async open(side, options, check, work) {
      const client = new HarnessClient({ processes, harnessPath, signal });
      try {
        checks.value(await client.data(small), 'data');
        const all = { ...options, ...(sanitizer === 'none' ? {} : { sanitizer }) };
        const opened = checks.value(await client.open('a', { ...limits, ...side }, all), check);
        lockdown ??= opened.lockdown;
        return await work(client);
      } finally {
        await client.quit();
      }
    },
  };
}
