import { createHash } from 'node:crypto';
import type { Random } from './ports.ts';

/** Seeded generator: sfc32 (Chris Doty-Humphrey, PractRand), seeded from SHA-256 of the label path. */
export function seededRandom(seed: number | string, path = ''): Random {
  const digest = createHash('sha256').update(`${seed}/${path}`).digest();
  let a = digest.readUInt32LE(0);
  let b = digest.readUInt32LE(4);
  let c = digest.readUInt32LE(8);
  let counter = digest.readUInt32LE(12) | 1;
  const next32 = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  return {
    next: () => (next32() * 2 ** 21 + (next32() >>> 11)) / 2 ** 53,
    fork: (label) => seededRandom(seed, `${path}/${label}`),
  };
}
