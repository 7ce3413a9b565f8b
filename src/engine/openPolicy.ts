import type { Policy } from '../protocol/policy.ts';
import { UserError } from './errors.ts';
import type { CppSyntaxTrees } from './module/cppSyntax.ts';
import { catalogue } from './policy/playbook/catalogue.ts';
import { createPlaybookPolicy } from './policy/playbook/playbookPolicy.ts';

/** The policy of this id. @throws UserError for one that this version does not have. */
export function openPolicy(id: string, syntax: CppSyntaxTrees): Policy {
  if (id === 'playbook') return createPlaybookPolicy({ catalogue, syntax });
  throw new UserError('no-such-policy', `there is no policy ${id}`, 'Use the policy playbook.');
}
