import { randomBytes } from 'node:crypto';

/** Sorts by time, unique across processes. */
export function newRunId(now: number): string {
  return `${new Date(now).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)}-${randomBytes(2).toString('hex')}`;
}
