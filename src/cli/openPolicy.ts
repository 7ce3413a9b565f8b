import { UserError } from '../engine/errors.ts';
import type { createCppSyntax } from '../engine/module/cppSyntax.ts';
import { catalogue } from '../engine/policy/playbook/catalogue.ts';
import { createPlaybookPolicy } from '../engine/policy/playbook/playbookPolicy.ts';
import type { Policy } from '../protocol/policy.ts';

/** The policy of this id. @throws UserError for one that this version does not have. */
export function openPolicy(id: string, syntax: Awaited<ReturnType<typeof createCppSyntax>>): Policy {
  if (id === 'playbook') return createPlaybookPolicy({ catalogue, syntax });
  throw new UserError('no-such-policy', `there is no policy ${id}`, 'Use --policy playbook.');
}
