import { createHash } from 'node:crypto';
import type { RewardJudge } from '../../../src/cli/rewards/rewardServer.ts';
import type { Rewarded, RewardsRequest } from '../../../src/protocol/rewards.ts';

type Asked = RewardsRequest['completions'][number];

/** Judges as the real one does, without measuring: a group waits until it is let go. What a text is worth is its length. */
export class HeldJudge implements RewardJudge {
  readonly modules = ['search', 'refinement'] as const;
  readonly runId = 'run-1';
  readonly expectedSeconds = 42;
  /** Every call, with what the ledger would be told. */
  readonly calls: { module: string; completions: readonly Asked[]; policy: unknown }[] = [];
  pending = 0;
  readonly #known = new Map<string, Promise<Omit<Rewarded, 'id'>>>();
  readonly #held: (() => void)[] = [];
  #outcome: { readonly error: Error } | { readonly reward: number | null } | undefined;

  /** What comes of texts that are asked from now on. */
  fails(outcome: { readonly error: Error } | { readonly reward: number | null } | undefined): void {
    this.#outcome = outcome;
  }

  /** Lets every group go that waits. */
  letGo(): void {
    for (const go of this.#held.splice(0)) go();
  }

  newAmong(module: string, texts: readonly string[]): number {
    return new Set(texts.map((text) => hashOf(module, text)).filter((hash) => !this.#known.has(hash))).size;
  }

  async reward(module: string, completions: readonly Asked[], policy?: unknown): Promise<Rewarded[]> {
    this.calls.push({ module, completions, policy });
    const fresh = completions.filter(({ text }) => !this.#known.has(hashOf(module, text)));
    if (fresh.length > 0) {
      const turn = new Promise<void>((resolve) => this.#held.push(resolve));
      this.pending += fresh.length;
      const outcome = this.#outcome;
      const done = turn.then(() => {
        this.pending -= fresh.length;
        if (outcome !== undefined && 'error' in outcome) throw outcome.error;
      });
      for (const { text } of fresh) {
        const hash = hashOf(module, text);
        const reward = outcome !== undefined && 'reward' in outcome ? outcome.reward : text.length;
        const own = done.then(() => ({
          hash,
          reward,
          gain: null,
          verdict: reward === null ? 'failed' : 'accepted',
          check: null,
          detail: reward === null ? 'no reply within 60 s' : '',
        }));
        this.#known.set(hash, own);
        own.catch(() => this.#known.delete(hash));
      }
    }
    const judged = await Promise.all(completions.map(({ text }) => this.#known.get(hashOf(module, text))!));
    return judged.map((rewarded, i) => ({ id: completions[i]!.id, ...rewarded }));
  }

  async idle(): Promise<void> {
    await Promise.allSettled([...this.#known.values()]);
  }
}

function hashOf(module: string, text: string): string {
  return createHash('sha256').update(`${module}\n${text}`).digest('hex');
}
