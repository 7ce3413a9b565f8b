import { jsonLines } from './jsonLines.ts';
import type { PromptedRow } from './selection.ts';

/**
 * JSON Lines in the layout of verl's `RLHFDataset`, one line per group: `data.train_files=FILE.jsonl`.
 *
 * verl generates completions itself and asks a reward function for each (`reward.custom_reward_function.path`), which
 * gets `data_source`, the completion, `reward_model.ground_truth` and `extra_info`. There is no answer to compare with
 * here: `ground_truth` is the module, which is what the reward endpoint of `annsmith serve-rewards` needs beside the
 * completion. `extra_info.base_hash` is of the code that the prompt shows; rewards are of the code that the server was
 * started on.
 *
 * `withResponses` adds the completions of the group as they were logged, with what they were worth, under `extra_info`:
 * `responses`, `rewards` and `advantages`, in the same order. verl's own trainers do not read them; they are there for
 * offline use in a trainer of your own.
 */
export function verlLines(groups: readonly (readonly PromptedRow[])[], withResponses: boolean): string {
  return jsonLines(groups.map((group, index) => verlLine(group, index, withResponses)));
}

function verlLine(group: readonly PromptedRow[], index: number, withResponses: boolean): object {
  const first = group[0]!;
  const logged = {
    responses: group.map(({ text }) => text),
    rewards: group.map(({ reward }) => reward),
    advantages: group.map(({ advantage }) => advantage),
  };
  return {
    data_source: `annsmith/${first.module}`,
    prompt: first.prompt.map(({ role, content }) => ({ role, content })),
    ability: 'code',
    reward_model: { style: 'rule', ground_truth: first.module },
    extra_info: {
      split: 'train',
      index,
      module: first.module,
      run: first.run,
      group: first.group,
      policy: first.policy.id,
      policy_version: first.policy.version,
      template: first.template,
      prompt_hash: first.promptHash,
      base_hash: first.baseHash,
      datasets: first.datasets,
      ...(withResponses ? logged : {}),
    },
  };
}
