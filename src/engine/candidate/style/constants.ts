import type { Node } from 'web-tree-sitter';
import type { StyleLimits, StyleProblem } from '../../../protocol/style.ts';
import { ancestorsOf, type CodeChange, nodesOf } from './codeChange.ts';
import { wordsIn } from './wordsOf.ts';

/** Numbers that stand for themselves: none, one, a pair, and a half, as for rounding. */
const plain: ReadonlySet<number> = new Set([0, 0.5, 1, 2]);

/** New numbers that nothing explains: no name, no comment, and no use that gives them their meaning. */
export function constantProblems(
  changes: readonly CodeChange[],
  limits: StyleLimits,
): readonly StyleProblem[] {
  const problems = changes.flatMap(problemsIn);
  return problems.length > limits.unexplainedConstants ? problems : [];
}

function problemsIn({ file, oldTree, tree, isNew, isGone }: CodeChange): StyleProblem[] {
  // A number that only moved is no new one.
  const moved = nodesOf(oldTree.rootNode, ['number_literal'])
    .filter(isGone)
    .map(({ text }) => text);
  const comments = commentRows(tree.rootNode);
  const told = new Set<string>();
  return nodesOf(tree.rootNode, ['number_literal']).flatMap((literal): StyleProblem[] => {
    if (!isNew(literal) || plain.has(numberOf(literal))) return [];
    const at = moved.indexOf(literal.text);
    if (at >= 0) {
      moved.splice(at, 1);
      return [];
    }
    const line = literal.startPosition.row + 1;
    const key = `${line} ${literal.text}`;
    if (told.has(key) || meansItself(literal) || isNamed(literal) || isCommented(literal, comments))
      return [];
    told.add(key);
    return [
      {
        check: 'style-constant',
        file,
        line,
        message: `the number \`${literal.text}\` is unexplained; give it a name (a constexpr) or a comment that says why it has this value`,
      },
    ];
  });
}

function numberOf(literal: Node): number {
  const text = literal.text.replaceAll("'", '');
  return /^0[xb]/i.test(text)
    ? Number(text.replace(/[uUlLzZ]+$/, ''))
    : Number(text.replace(/[fFuUlLzZ]+$/, ''));
}

/** Rows with a comment that says something, and whether code stands on them too. */
function commentRows(root: Node): ReadonlyMap<number, 'alone' | 'beside'> {
  const rows = new Map<number, 'alone' | 'beside'>();
  for (const comment of nodesOf(root, ['comment'])) {
    if (!/[a-z]{3}/i.test(comment.text)) continue;
    const isBeside = comment.previousSibling?.endPosition.row === comment.startPosition.row;
    for (let row = comment.startPosition.row; row <= comment.endPosition.row; ++row) {
      rows.set(row, isBeside ? 'beside' : 'alone');
    }
  }
  return rows;
}

const statement =
  /_statement$|_loop$|^(?:declaration|field_declaration|enumerator|function_definition|.*parameter_declaration|field_initializer)$/;

/** A comment on its line or that of its statement, or alone right above one of these. */
function isCommented(literal: Node, comments: ReadonlyMap<number, 'alone' | 'beside'>): boolean {
  const row = literal.startPosition.row;
  if (comments.has(row) || comments.get(row - 1) === 'alone') return true;
  for (const above of ancestorsOf(literal)) {
    if (above.type === 'compound_statement' || above.type === 'field_declaration_list') return false;
    if (!statement.test(above.type)) continue;
    const first = above.startPosition.row;
    if (comments.get(first - 1) === 'alone' || comments.has(first)) return true;
    if (above.type === 'declaration' && comments.has(above.endPosition.row)) return true;
  }
  return false;
}

/** Whether it makes up the value of a constant whose name tells what it is. */
function isNamed(literal: Node): boolean {
  let isCalled = false;
  for (const above of ancestorsOf(literal)) {
    if (above.type === 'enumerator') return isTelling(above.childForFieldName('name')?.text ?? '');
    if (above.type === 'call_expression') isCalled = true;
    if (above.type === 'declaration' || above.type === 'field_declaration') {
      const qualifiers = above.namedChildren
        .filter(({ type }) => type === 'type_qualifier')
        .map(({ text }) => text);
      const isConstant = qualifiers.includes('constexpr') || (qualifiers.includes('const') && !isCalled);
      return isConstant && isTelling(declaratorName(above));
    }
    if (above.type.endsWith('_statement') || above.type === 'lambda_expression') return false;
  }
  return false;
}

function declaratorName(declaration: Node): string {
  let node = declaration.childForFieldName('declarator');
  while (node?.childForFieldName('declarator')) node = node.childForFieldName('declarator');
  return node?.text ?? '';
}

/** `kRerankPerResult`, `patience`; not `c1`, `kVal`. */
function isTelling(name: string): boolean {
  const words = wordsIn(name).filter(
    (word) => !/^(?:const|constant|value|number|num|param|factor|magic)$/.test(word),
  );
  return words.some((word) => word.length > 3) || words.length > 2;
}

/** Uses that say what a number is: shifts, masks, whole words, counted-out copies, operands of instructions. */
function meansItself(literal: Node): boolean {
  const value = numberOf(literal);
  if (/^0[xb][0fFuUlL1']+$/i.test(literal.text)) return true;
  for (let node = literal, above = node.parent; above; node = above, above = above.parent) {
    if (givesMeaning(above, node, value)) return true;
    if (above.type === 'subscript_argument_list') break;
    if (/_statement$|_loop$|^(?:declaration|.*parameter_declaration|function_definition)$/.test(above.type)) {
      // The header of a loop is a declaration or expressions in it.
      if (!isLoop(above.parent) || isBody(above)) break;
    }
  }
  return countsUp(literal, value);
}

function isLoop(node: Node | null): node is Node {
  return node !== null && /^(?:for|while)_/.test(node.type);
}

function isBody(node: Node): boolean {
  return node.parent?.childForFieldName('body')?.id === node.id;
}

/** Whether `above` says what a number is that stands in its part `node`. */
function givesMeaning(above: Node, node: Node, value: number): boolean {
  const operator = above.childForFieldName('operator')?.text ?? '';
  const isPower = Number.isInteger(value) && value > 0 && Number.isInteger(Math.log2(value));
  const isMask = Number.isInteger(Math.log2(value + 1));
  switch (above.type) {
    case 'binary_expression':
      if (/^(?:<<|>>)$/.test(operator)) return above.childForFieldName('right')?.id === node.id;
      if (operator === '&') return isMask;
      // Per cent, per mille, and the factors of kilobytes and megabytes.
      if (/^[*/]$/.test(operator) && [100, 1000, 1024].includes(value)) return true;
      return isPower && (/^[%/]$/.test(operator) || (operator === '*' && above.text.includes('sizeof')));
    case 'assignment_expression':
      return /^(?:<<=|>>=)$/.test(operator) || (operator === '&=' && isMask);
    case 'bitfield_clause':
      return true;
    case 'case_statement':
      return above.childForFieldName('value')?.id === node.id;
    case 'class_specifier':
    case 'struct_specifier':
      return isAlignment(above, value);
    case 'argument_list': {
      const call = above.parent;
      if (!call || !isInstruction(call)) return false;
      if (node.type === 'number_literal') return true;
      // A prefetch may reach for the next cache lines; any other distance is a choice.
      return isPower && (!/prefetch/.test(call.text.split('(', 1)[0] ?? '') || value % 64 === 0);
    }
    default:
      if (/^align(?:as|of)_/.test(above.type)) return true;
      return isLoop(above) && !isBody(node) && isPower && value <= 64 && callsInstructions(above);
  }
}

/** Whether a type is aligned to as many bytes. */
function isAlignment(type: Node, value: number): boolean {
  return type.namedChildren.some(
    (child) =>
      /^alignas_/.test(child.type) &&
      nodesOf(child, ['number_literal']).some((each) => numberOf(each) === value),
  );
}

const instruction = /^(?:_mm\d*_\w+|v\w+q?_[fsup]\d+|__builtin_\w+)$/;

function isInstruction(call: Node): boolean {
  return instruction.test(call.childForFieldName('function')?.text ?? '');
}

function callsInstructions(loop: Node): boolean {
  return nodesOf(loop, ['call_expression']).some(isInstruction);
}

/** Copies of a line for elements 0, 1, 2, 3 and the step by 4 after them. */
function countsUp(literal: Node, value: number): boolean {
  if (!Number.isInteger(value) || value > 16) return false;
  for (const above of ancestorsOf(literal)) {
    if (above.type !== 'function_definition') continue;
    const values = new Set(nodesOf(above, ['number_literal']).map(numberOf));
    return Array.from({ length: value - 1 }, (_, i) => i + 1).every((smaller) => values.has(smaller));
  }
  return false;
}
