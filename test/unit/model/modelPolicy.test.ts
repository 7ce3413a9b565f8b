import { expect, it } from 'vitest';
import { createModelPolicy } from '../../../src/engine/policy/model/modelPolicy.ts';
import { type FinishReason, type ModelClient, noUsage } from '../../../src/protocol/model.ts';
import type { Completion, Policy, PolicyRequest } from '../../../src/protocol/policy.ts';

/** A model whose answers end as they are told to, one after the other, and a policy over it. */
function policyOf(finishes: readonly FinishReason[]): { policy: Policy; dropped: string[] } {
  const left = [...finishes];
  const dropped: string[] = [];
  const client: ModelClient = {
    id: 'openai:m',
    endpoint: 'http://127.0.0.1',
    dropped,
    async *complete({ n }) {
      for (const finish of left.splice(0, n)) {
        yield { text: finish, finish, tokenIds: [1], logprobs: [-1], usage: noUsage };
      }
    },
  };
  const policy = createModelPolicy({
    client,
    template: 't',
    temperature: 0.7,
    maxTokens: 100,
    prompt: () => ({ messages: [], template: 't', hash: '', exemplars: [], sections: [] }),
    read: () => ({
      outcome: { kind: 'files', files: new Map(), notes: [] },
      analysis: '',
      design: '',
    }),
    parts: () => [],
    style: { refusals: () => [], growth: () => undefined, codeHash: () => '' },
    scrub: (text) => text,
    consent: () => Promise.resolve(true),
    onLine: () => undefined,
  });
  return { policy, dropped };
}

const request = { files: new Map(), group: 1, seed: 1 } as unknown as PolicyRequest;

it('a policy says how it samples: where the server takes no temperature, at the server’s own', () => {
  const { policy, dropped } = policyOf([]);
  expect(policy.sampling).toEqual({ temperature: 0.7, maxTokens: 100 });
  dropped.push('temperature');
  expect(policy.sampling).toEqual({ temperature: null, maxTokens: 100 });
});

it('a completion that was asked again tells how its first answer ended', async () => {
  const { policy } = policyOf(['length', 'stop']);
  const first: Completion[] = [];
  for await (const completion of policy.sample(request)) first.push(completion);
  const second = await policy.repair!(request, first[0]!, { reason: 'does-not-parse', why: 'no code' });
  expect(second).toMatchObject({ text: 'stop', answer: { finish: 'stop' } });
  expect(second!.answer!.repaired).toEqual({
    text: 'length',
    reason: 'does-not-parse',
    why: 'no code',
    finish: 'length',
  });
});
