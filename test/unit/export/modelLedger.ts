/** A ledger of models and of the playbook, written by the real writer, with every way in which a candidate can end. */
import type { FinishReason } from '../../../src/protocol/model.ts';
import type { ModuleName } from '../../../src/protocol/module.ts';
import { oneModuleRun, SampleRun } from '../reporting/sampleLedger.ts';
import { estimate, sampleFinal, sampleTrial } from '../reporting/sampleMeasurements.ts';

export const model = { id: 'openai:test-model', version: 'contrastive-1' } as const;
export const messages = [
  { role: 'system', content: 'You make HNSW faster.' },
  { role: 'user', content: 'Change "search", please:\n```cpp\nint ä = 1;\n```' },
] as const;
export const modelRunId = 'model-run';

interface GroupOptions {
  readonly module?: ModuleName;
  readonly policy?: { readonly id: string; readonly version: string };
}

class ModelRun extends SampleRun {
  async asked(groupId: string, completions: number, options: GroupOptions = {}): Promise<void> {
    await this.write('group', {
      groupId,
      module: options.module ?? 'search',
      round: 1,
      baseHash: 'ba5e'.repeat(16),
      policy: { ...(options.policy ?? model) },
      sampling: { seed: 7, group: completions },
      prompt: {
        facts: {},
        messages: [...messages],
        template: 'contrastive-1',
        hash: `hash-${groupId}`,
        exemplars: [],
      },
      completions,
    });
  }

  async answer(
    id: string,
    text: string,
    more: {
      readonly finish?: FinishReason;
      readonly repaired?: { text: string; reason: 'does-not-compile'; why: string };
      readonly tokenIds?: number[];
    } = {},
  ): Promise<void> {
    const { finish = 'stop', repaired, tokenIds = [5, 8] } = more;
    await this.completion(id, text, 'diff', {
      tokenIds,
      logprobs: tokenIds.map((_, i) => -0.25 * (i + 1)),
      answer: {
        analysis: 'why',
        design: 'how',
        finish,
        usage: { promptTokens: 10, completionTokens: 2, requests: 1, cost: null },
        ...(repaired === undefined ? {} : { repaired }),
      },
    });
  }

  async judged(id: string, gain: number, half = 0.01, shaped = gain): Promise<void> {
    await this.judgement(
      id,
      { kind: 'accepted' },
      {
        reward: { raw: gain, shaped },
        gain: estimate(gain, half),
        trials: [sampleTrial('mnist-784-euclidean', 60_000, { gain, half })],
      },
    );
  }
}

/**
 * `model-run`: g1 has a confirmed winner, a near twin of it (c2, intervals meet), a wrong one, one that compiled only at
 * the second try (and was then fast), and one that nothing can be said of. g2, of construction, has a fast one that broke
 * off, a slower one and one that was never judged; it has no end. g3 failed altogether. `one-module`: the playbook's.
 */
export async function modelLedger(workspace: string): Promise<void> {
  const run = new ModelRun(workspace, modelRunId);
  await run.begin(['construction', 'search'], { policy: { ...model } });
  await run.asked('g1', 5);
  await run.answer('g1c1', 'fast "answer",\nof two lines', { tokenIds: [5, 8, 13] });
  await run.answer('g1c2', 'nearly as fast');
  await run.answer('g1c3', 'wrong');
  await run.answer('g1c4', 'second try', {
    repaired: { text: 'first try', reason: 'does-not-compile', why: "error: expected ';'" },
  });
  await run.answer('g1c5', 'unlucky');
  await run.judged('g1c1', 0.4, 0.02);
  await run.judged('g1c2', 0.38, 0.02);
  await run.judgement('g1c3', {
    kind: 'rejected',
    reason: 'wrong-answers',
    check: 'answers-valid',
    detail: 'query 17, "id 60000": out of range,\nand more',
  });
  await run.judged('g1c4', 0.3, 0.01, -1);
  await run.judgement('g1c5', { kind: 'failed', error: 'no reply within 60 s' });
  await run.write('group-end', {
    groupId: 'g1',
    rewards: { g1c1: 0.4, g1c2: 0.38, g1c3: -1, g1c4: -1 },
    advantages: { g1c1: 1.02, g1c2: 0.98, g1c3: -1, g1c4: -1 },
    failureVarianceShare: 0.99,
  });
  await run.write('confirmation', {
    candidateId: 'g1c1',
    confirmed: true,
    gain: estimate(0.39, 0.012),
    trials: [sampleFinal('mnist-784-euclidean', { gain: 0.39, half: 0.012 })],
  });
  await run.asked('g2', 3, { module: 'construction' });
  await run.answer('g2c1', 'broke o', { finish: 'length', tokenIds: [] });
  await run.answer('g2c2', 'slower');
  await run.answer('g2c3', 'never judged');
  await run.judged('g2c1', 0.2);
  await run.judgement(
    'g2c2',
    { kind: 'rejected', reason: 'slower', check: 'screen', detail: 'slower by 12 %' },
    { reward: { raw: -0.13, shaped: -0.13 }, gain: estimate(-0.13, 0.02) },
  );
  await run.asked('g3', 2, { policy: { id: 'ollama:small', version: 'contrastive-1' } });
  await run.answer('g3c1', 'nonsense');
  await run.answer('g3c2', 'other nonsense');
  for (const id of ['g3c1', 'g3c2']) {
    await run.judgement(id, {
      kind: 'rejected',
      reason: 'does-not-parse',
      check: 'applies',
      detail: 'there are no blocks',
    });
  }
  await run.write('group-end', {
    groupId: 'g3',
    rewards: { g3c1: -1, g3c2: -1 },
    advantages: null,
    failureVarianceShare: 0,
  });
  await run.end('done', ['g1c1']);
  await oneModuleRun(workspace);
}
