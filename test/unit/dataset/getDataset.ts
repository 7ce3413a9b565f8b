/** Child of registry.test.ts: gets a dataset of the registry given as JSON, and prints it as JSON. */
import { openDatasets } from '../../../src/engine/dataset/datasets.ts';
import { createProcessRunner } from '../../../src/engine/processRunner.ts';

const silent = (): void => undefined;
const services = {
  clock: { now: () => Date.now(), monotonic: () => performance.now() },
  processes: createProcessRunner(),
  logger: { debug: silent, info: silent, warn: silent, error: silent },
  reporter: { progress: silent },
};
const [cacheDir, registry, name] = process.argv.slice(2);
const datasets = openDatasets({ services, cacheDir: cacheDir!, registry: JSON.parse(registry!) });
process.stdout.write(JSON.stringify(await datasets.get(name!)));
