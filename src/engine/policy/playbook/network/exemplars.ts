import type { PolicyRequest } from '../../../../protocol/policy.ts';
import type { Grammar } from '../grammar.ts';
import { parseProgram } from '../program.ts';
import type { Exemplar } from './situation.ts';

/** At most this many, the newest. */
const exemplarLimit = 64;

/** Programs of before that say something of this request: of this grammar, and rewarded. In the order of the ledger. */
export function exemplarsOf(grammar: Grammar, { module, evidence }: PolicyRequest): Exemplar[] {
  return evidence.past
    .flatMap(({ policy, text, reward }): Exemplar[] => {
      if (policy !== 'playbook' || reward === null) return [];
      if (parseProgram(grammar, module, text).kind !== 'program') return [];
      return [{ program: text, score: reward }];
    })
    .slice(-exemplarLimit);
}
