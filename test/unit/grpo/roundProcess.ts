/** A round that says when it is about to evaluate, and then waits to be killed. Arguments: workspace, policy folder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { beginRun } from './loggedRuns.ts';
import { madeUpSampling, rounds, storeIn } from './madeUpRounds.ts';

const [root = '', folder = ''] = process.argv.slice(2);
const store = storeIn(folder);
await rounds(root, store, {
  sample: madeUpSampling(root, store, {
    onPlan: async ({ version }, runId) => {
      if (version === store.promotedVersion) return;
      await beginRun(root, runId, version);
      // The run's id is on its way to the round's file by now.
      const state = join(root, '.annsmith', 'grpo', 'round.json');
      while (!(await readFile(state, 'utf8')).includes(runId)) await setImmediate();
      process.stdout.write(`evaluating ${version} in ${runId}\n`);
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    },
  }),
});
