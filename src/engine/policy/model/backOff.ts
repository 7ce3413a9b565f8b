import type { Random } from '../../ports.ts';

const firstDelay = 500;
const longestDelay = 30_000;

/** A server that asks for more patience than this is not waited for. Milliseconds. */
export const longestPatience = 120_000;

/**
 * Milliseconds to wait before attempt `attempt` (the first retry is 1): doubling from half a second up to 30 s, of which
 * a random half to whole, so that clients that failed together do not come back together. A longer wait that the server
 * asks for counts.
 */
export function backOff(attempt: number, asked: number | null, random: Random): number {
  const delay = Math.min(longestDelay, firstDelay * 2 ** (attempt - 1)) * (0.5 + 0.5 * random.next());
  return Math.max(asked ?? 0, delay);
}

/**
 * Milliseconds that a response asks to wait, null where it says nothing: `retry-after-ms`, or `Retry-After` as seconds
 * or as an HTTP date. `now`: milliseconds since the epoch.
 */
export function askedWait(headers: Headers, now: number): number | null {
  const exact = Number(headers.get('retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(exact) && exact >= 0) return exact;
  const text = headers.get('retry-after')?.trim();
  if (text === undefined || text === '') return null;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
