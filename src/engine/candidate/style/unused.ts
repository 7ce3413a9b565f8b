import type { StyleLimits, StyleProblem } from '../../../protocol/style.ts';
import { ancestorsOf, type CodeChange } from './codeChange.ts';
import { type Declared, declaredIn } from './declared.ts';
import { wordCounts } from './wordsOf.ts';

/** Names that other code uses without writing them: by ranges, algorithms and traits. */
const conventional =
  /^(?:begin|end|cbegin|cend|size|data|value|type|swap|hash|value_type|size_type|iterator|const_iterator|reference|const_reference|pointer|difference_type|iterator_category|is_transparent)$/;

/**
 * New parameters, variables, functions and types that nothing uses. `texts` are all files as the candidate leaves them;
 * a name that stands anywhere a second time counts as used, so that nothing is called dead that is not.
 */
export function deadProblems(
  changes: readonly CodeChange[],
  texts: readonly string[],
  limits: StyleLimits,
): readonly StyleProblem[] {
  const everywhere = wordCounts(...texts);
  const declared = changes.map((change) => ({ change, all: declaredIn(change.tree.rootNode) }));
  const declarations = new Map<string, number>();
  for (const { name } of declared.flatMap(({ all }) => all)) {
    declarations.set(name, (declarations.get(name) ?? 0) + 1);
  }
  const problems = declared.flatMap(({ change, all }) => {
    const before = declaredIn(change.oldTree.rootNode);
    return all
      .filter((each) => change.isNew(each.node) && !wasThere(each, before) && mayBeDead(each))
      .filter((each) =>
        each.inside === undefined && each.kind !== 'parameter'
          ? (everywhere.get(each.name) ?? 0) <= (declarations.get(each.name) ?? 0)
          : isUnusedIn(each, all),
      )
      .map(
        ({ name, kind, node }): StyleProblem => ({
          check: 'style-dead',
          file: change.file,
          line: node.startPosition.row + 1,
          message: `the ${kind} \`${name}\` is never used; leave it out`,
        }),
      );
  });
  return problems.length > limits.unused ? problems : [];
}

function wasThere({ name, kind, inside }: Declared, before: readonly Declared[]): boolean {
  return before.some(
    (old) => old.name === name && old.kind === kind && functionName(old.inside) === functionName(inside),
  );
}

function functionName(inside: Declared['inside']): string {
  return inside?.childForFieldName('declarator')?.childForFieldName('declarator')?.text ?? '';
}

/** Whether to be unused would mean to be dead: not for guards, interfaces, and what the compiler is told to expect. */
function mayBeDead({ name, kind, declaration, node, owner, inside }: Declared): boolean {
  if (/maybe_unused|__unused/.test(declaration.text.slice(0, 200))) return false;
  if (kind === 'namespace' || kind === 'macro' || kind === 'enumerator' || conventional.test(name))
    return false;
  if (kind === 'function')
    return (
      name !== owner.split('::').at(-1) &&
      !/\b(?:override|virtual|main)\b/.test(declaration.text.split('{', 1)[0] ?? '')
    );
  if (kind === 'parameter') {
    const above = [...ancestorsOf(node)];
    const list = above.findIndex(({ type }) => type === 'parameter_list');
    const owning = above[list]?.parent?.parent;
    const whole = above.find(({ type }) => type === 'function_definition' || type === 'lambda_expression');
    // Of the function itself, not of a pointer to one in its parameters; and with a body.
    if (list < 0 || !whole || above.filter(({ type }) => type === 'parameter_list').length > 1) return false;
    if (!whole.childForFieldName('body') || (owning && /field_declaration$|^declaration$/.test(owning.type)))
      return false;
    return !/\b(?:override|virtual|operator)\b/.test(whole.text.split('{', 1)[0] ?? '');
  }
  if (kind === 'variable' && inside !== undefined)
    return isPlainValue(declaration.childForFieldName('type')?.text ?? '');
  return true;
}

/** Of a type whose making and unmaking does nothing else; `auto` may be a guard. */
function isPlainValue(type: string): boolean {
  return /^(?:std::)?(?:u?int(?:_fast|_least)?\d*(?:_t)?|size_t|ptrdiff_t|(?:unsigned|signed)?\s*(?:char|short|int|long|long long)?|float|double|bool|string|__m\d+\w*|(?:vector|array|pair)<.*>)$/s.test(
    type,
  );
}

/** Whether a local name stands in its function no more often than it is declared there. */
function isUnusedIn({ name, inside, node }: Declared, all: readonly Declared[]): boolean {
  const around =
    inside ??
    [...ancestorsOf(node)].find(({ type }) => type === 'function_definition' || type === 'lambda_expression');
  if (!around) return false;
  // To cast a value to void is to say that it is unused.
  const text = around.text.replace(
    /\(\s*void\s*\)\s*\w+\s*;|static_cast<\s*void\s*>\s*\(\s*\w+\s*\)\s*;/g,
    '',
  );
  const declared = all.filter(
    (other) =>
      other.name === name &&
      other.node.startIndex >= around.startIndex &&
      other.node.endIndex <= around.endIndex,
  );
  return (wordCounts(text).get(name) ?? 0) <= declared.length;
}
