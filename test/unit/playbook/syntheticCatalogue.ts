import type { Rewrite } from '../../../src/engine/policy/playbook/rewrite.ts';
import type { ModuleName } from '../../../src/protocol/module.ts';

interface Shape {
  readonly id: string;
  readonly module?: ModuleName;
  readonly parameters?: Readonly<Record<string, readonly number[]>>;
  readonly conflictsWith?: readonly string[];
  /** Text that must be in `search.h`, else the rewrite declines. */
  readonly needs?: string;
  /** Line to append; the default names the rewrite and its values. */
  readonly line?: string;
}

/** A small but real rewrite: it appends a line to `search.h`. */
export function appendingRewrite(shape: Shape): Rewrite {
  const { id, module = 'search', parameters = {}, conflictsWith = [], needs = '', line } = shape;
  return {
    id,
    module,
    title: id,
    cause: 'test',
    parameters: Object.entries(parameters).map(([name, values]) => ({ name, values, meaning: name })),
    conflictsWith,
    apply({ files }, values) {
      const text = files.get('search.h') ?? '';
      if (!text.includes(needs)) return { kind: 'declined', reason: `there is no ${needs}` };
      const added = line ?? `// ${id} ${JSON.stringify(values)}`;
      return { kind: 'edited', files: new Map([['search.h', `${text}${added}\n`]]), note: `added ${added}` };
    },
  };
}

export const syntheticCatalogue: readonly Rewrite[] = [
  appendingRewrite({ id: 'prefetch', parameters: { depth: [2, 4, 8], lookahead: [1, 2] } }),
  appendingRewrite({ id: 'pool', conflictsWith: ['heap'] }),
  appendingRewrite({ id: 'heap', parameters: { arity: [4, 8] } }),
  appendingRewrite({ id: 'levels', module: 'construction' }),
  appendingRewrite({ id: 'huge-pages' }),
];
