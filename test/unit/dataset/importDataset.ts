/** Child of cache.test.ts: imports a file as `large`, and says when the exact neighbours are being computed. */
import { openDatasets } from '../../../src/engine/dataset/datasets.ts';
import { createProcessRunner } from '../../../src/engine/processRunner.ts';

const silent = (): void => undefined;
const services = {
  clock: { now: () => Date.now(), monotonic: () => performance.now() },
  processes: createProcessRunner(),
  logger: { debug: silent, info: silent, warn: silent, error: silent },
  reporter: {
    progress: ({ message }: { readonly message: string }) => {
      if (message.includes('computing')) process.stdout.write('computing\n');
    },
  },
};
const [cacheDir, base] = process.argv.slice(2);
await openDatasets({ services, cacheDir: cacheDir! }).importVectors({
  name: 'large',
  base: base!,
  split: 20_000,
});
