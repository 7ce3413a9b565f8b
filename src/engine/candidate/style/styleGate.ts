import type { StyleGate } from '../../../protocol/policy.ts';
import type { StyleLimits } from '../../../protocol/style.ts';
import type { CppSyntax } from '../../ports.ts';
import { syntaxHash } from '../syntaxHash.ts';
import { growthProblem } from './growth.ts';
import { styleProblems } from './styleProblems.ts';

/** What code that nobody has reviewed is held to, within a workspace's limits. */
export function styleGate(syntax: CppSyntax, limits: StyleLimits): StyleGate {
  return {
    refusals: (change) =>
      styleProblems({ ...change, syntax, limits }).map(({ check, file, line, message }) => ({
        check,
        message: `${file}:${line}: ${message}`,
      })),
    growth: (change, gain) => {
      const problem = growthProblem({ ...change, gain, limits });
      return problem === undefined ? undefined : { check: problem.check, message: problem.message };
    },
    codeHash: ({ before, after }) => syntaxHash(before, after, syntax),
  };
}
