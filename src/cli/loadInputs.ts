import { type CppSyntaxTrees, createCppSyntax } from '../engine/module/cppSyntax.ts';
import { benchInputs } from '../engine/runInputs.ts';
import { type CommandContext, findWorkspace } from './context.ts';

/** The workspace and the dataset of a command: the one named, else the manifest's first. */
export async function loadInputs(
  options: { readonly workspace?: string; readonly dataset?: string },
  { services, signal }: Pick<CommandContext, 'services' | 'signal'>,
): Promise<Awaited<ReturnType<typeof benchInputs>> & { readonly syntax: CppSyntaxTrees }> {
  const syntax = await createCppSyntax();
  const root = findWorkspace(options.workspace);
  const inputs = await benchInputs({ root, dataset: options.dataset }, { services, signal, syntax });
  return { ...inputs, syntax };
}
