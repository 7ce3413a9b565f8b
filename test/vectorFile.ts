import { writeFile } from 'node:fs/promises';
import { seededRandom } from '../src/engine/random.ts';

/** `n` clustered vectors as an .fbin file. */
export async function writeVectors(path: string, n: number, dim: number, seed: string): Promise<void> {
  const random = seededRandom(seed);
  const centres = Array.from({ length: 40 * dim }, () => random.next() * 4);
  const bytes = Buffer.alloc(8 + n * dim * 4);
  bytes.writeUInt32LE(n, 0);
  bytes.writeUInt32LE(dim, 4);
  for (let i = 0; i < n; i++) {
    const centre = Math.floor(random.next() * 40) * dim;
    for (let j = 0; j < dim; j++) {
      const noise = random.next() + random.next() + random.next() - 1.5;
      bytes.writeFloatLE(centres[centre + j]! + 2 * noise, 8 + (i * dim + j) * 4);
    }
  }
  await writeFile(path, bytes);
}
