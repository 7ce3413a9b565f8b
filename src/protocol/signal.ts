/** What a developer can do with a hunk that was proposed. */
export const signals = ['accepted', 'rejected', 'undone', 'rewritten'] as const;
export type Signal = (typeof signals)[number];
