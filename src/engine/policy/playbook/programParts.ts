import type { CompletionPart, PolicyRequest } from '../../../protocol/policy.ts';
import type { Grammar } from './grammar.ts';
import type { PriorTable } from './prior.ts';
import { parseProgram, printProgram } from './program.ts';
import type { ProgramEditor } from './programEditor.ts';
import type { Rewrite } from './rewrite.ts';

interface Playbook {
  readonly catalogue: readonly Rewrite[];
  readonly grammar: Grammar;
  readonly prior: PriorTable;
  readonly editor: ProgramEditor;
}

/** The rewrites of a program, the least promising first, each with the program without it. */
export function programParts(
  { catalogue, grammar, prior, editor }: Playbook,
  { module }: PolicyRequest,
  text: string,
): readonly CompletionPart[] {
  const parsed = parseProgram(grammar, module, text);
  if (parsed.kind !== 'program') throw new Error(`not a program of this playbook: ${parsed.message}`);
  const { program } = parsed;
  const worth = (id: string): number => prior.rewrites[id] ?? prior.default;
  return program
    .toSorted((a, b) => worth(a.rewrite) - worth(b.rewrite))
    .map((step): CompletionPart => {
      const rest = program.filter((other) => other !== step);
      return {
        name: step.rewrite,
        cause: catalogue.find(({ id }) => id === step.rewrite)?.cause ?? '',
        without: printProgram(grammar, rest),
        files: editor.apply(rest).changed,
      };
    });
}
