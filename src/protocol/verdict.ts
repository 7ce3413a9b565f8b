/** Why a candidate gets no positive reward; the reward table maps each to a number (see `engine/reward`). */
export const rejectionReasons = [
  'does-not-parse',
  'does-not-apply',
  'does-not-compile',
  'crash',
  'timeout',
  'memory',
  'wrong-answers',
  'cheat',
  'recall',
  'build-cost',
  'slower',
  'style',
  'sanitizer',
  'not-confirmed',
] as const;
export type RejectionReason = (typeof rejectionReasons)[number];

/** The outcome of judging one candidate. Expected failures are data; exceptions are for bugs and the environment. */
export type Verdict =
  | { readonly kind: 'accepted' }
  | {
      readonly kind: 'rejected';
      readonly reason: RejectionReason;
      readonly check: string;
      readonly detail: string;
    }
  | { readonly kind: 'failed'; readonly error: string }
  | { readonly kind: 'cancelled' };
