import { InvalidArgumentError } from 'commander';
import { type ModuleName, moduleNames } from '../protocol/module.ts';

/** `all`, one module, or several with commas; always in the order construction, search, refinement. */
export function modulesOf(text: string): [ModuleName, ...ModuleName[]] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => name !== 'all' && !moduleNames.some((module) => module === name));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`"${unknown}" is none of ${moduleNames.join(', ')}, all.`);
  }
  const [first, ...rest] = moduleNames.filter((module) => names.includes('all') || names.includes(module));
  if (first === undefined) throw new InvalidArgumentError('Name a module.');
  return [first, ...rest];
}
