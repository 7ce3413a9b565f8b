import * as z from 'zod';

/** What the style gate looks at; the names stand in verdicts. */
export const styleChecks = [
  'style-constant',
  'style-name',
  'style-dead',
  'style-public',
  'style-growth',
] as const;
export type StyleCheck = (typeof styleChecks)[number];

/** One thing in a candidate's new code that a reviewer would send back. */
export interface StyleProblem {
  readonly check: StyleCheck;
  readonly file: string;
  /** 1-based, in the candidate's text. */
  readonly line: number;
  readonly message: string;
}

const words = z.array(z.string().regex(/^[A-Za-z]+$/));
const count = z.int().min(0);

/** How much of what reviewers dislike a candidate may bring. All counts are of new code only. */
export const styleLimitsSchema = z
  .strictObject({
    unexplainedConstants: count
      .default(0)
      .describe('New numbers without a name or comment that says what they are.'),
    refusedWords: words
      .default([])
      .describe('Words that no new name may have, beside the built-in list. Single words, any case.'),
    allowedWords: words.default([]).describe('Words of the built-in list that new names may have here.'),
    unused: count.default(0).describe('New parameters, variables, functions and types that nothing uses.'),
    publicMembers: count
      .default(2)
      .describe(
        'Public members that the classes of a header may gain, less those they lose. A class that hides nothing is left out.',
      ),
    publicNames: count
      .default(1)
      .describe(
        'Functions, types and variables that a header may gain outside of classes; static ones and those in an anonymous, `detail`, `internal` or `impl` namespace do not count.',
      ),
    macros: count.default(0).describe('Macros that a header may leave defined.'),
    freeLines: count
      .default(60)
      .describe(
        'Lines of code by which a candidate may grow its module whatever it gains; comments do not count.',
      ),
    linesPerPercent: z
      .number()
      .min(0)
      .default(4)
      .describe('Further lines of code for each per cent that it is faster.'),
  })
  .describe('Limits of the style gate');

export type StyleLimits = z.infer<typeof styleLimitsSchema>;

export const defaultStyleLimits: StyleLimits = styleLimitsSchema.parse({});
