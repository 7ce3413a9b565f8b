/** A round that says when it is about to evaluate, and then waits to be killed. Arguments: workspace, policy folder. */
import { beginRun } from './loggedRuns.ts';
import { madeUpSampling, rounds, storeIn } from './madeUpRounds.ts';

const [root = '', folder = ''] = process.argv.slice(2);
const store = storeIn(folder);
await rounds(root, store, {
  sample: madeUpSampling(root, store, {
    onPlan: async ({ version }, runId) => {
      if (version === store.promotedVersion) return;
      await beginRun(root, runId, version);
      process.stdout.write(`evaluating ${version} in ${runId}\n`);
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    },
  }),
});
