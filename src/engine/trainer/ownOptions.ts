/** Options of the trainer that follow from those of `annsmith grpo`: two values of one would name two things. */
export const ownOptions: ReadonlySet<string> = new Set([
  '--model',
  '--adapter',
  '--out',
  '--seed',
  '--rounds',
  '--group',
  '--policy',
  '--policy-version',
  '--ledger',
  '--prompts',
  '--rewards',
  '--advantage-limit',
]);
