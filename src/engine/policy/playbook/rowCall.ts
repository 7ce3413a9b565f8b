import type { Node } from 'web-tree-sitter';
import { type Call, callsIn, declaredName, descendants, enclosing } from './cppNodes.ts';

/** A distance that is given the address of a vector, as in `distance(query, row(id), parameter)`. */
export interface RowCall {
  readonly distance: Call;
  /** The function that gives the address of a node's vector. */
  readonly row: string;
}

/**
 * The first distance computed in `statements` with the vector of node `id`: a call of several arguments, one of which
 * is `row(id)` or a variable made from it.
 */
export function rowOf(statements: readonly Node[], id: string): RowCall | undefined {
  const rows = new Map<string, string>();
  for (const declarator of statements.flatMap(initialisations)) {
    const name = declaredName(declarator);
    const value = declarator.childForFieldName('value');
    const row = value && rowFunction(value, id);
    if (name !== undefined && row) rows.set(name, row);
  }
  for (const distance of statements.flatMap(callsIn)) {
    if (distance.object !== undefined || distance.arguments.length < 2) continue;
    for (const argument of distance.arguments) {
      const row = rows.get(argument.text) ?? rowFunction(argument, id);
      if (row !== undefined) return { distance, row };
    }
  }
  return undefined;
}

function initialisations(statement: Node): readonly Node[] {
  const below = descendants(statement, ({ type }) => type === 'init_declarator');
  return statement.type === 'init_declarator' ? [statement, ...below] : below;
}

/** `row` of `row(id)`, parentheses aside. */
function rowFunction(value: Node, id: string): string | undefined {
  let inner: Node | null | undefined = value;
  while (inner?.type === 'parenthesized_expression') inner = inner.namedChildren[0];
  const [call] = inner?.type === 'call_expression' ? callsIn(inner) : [];
  const only = call?.arguments.length === 1 && call.object === undefined;
  return only && call.arguments[0]?.text === id ? call.callee : undefined;
}

/** The member of the class around `node` that holds the size of a vector in bytes. */
export function rowBytesMember(node: Node): string | undefined {
  return memberNamed(node, /^(data|row|vector)_?(size|bytes)_?$/i);
}

/** The member of the class around `node` that holds the greatest number of neighbours of a node. */
export function longestListMember(node: Node): string | undefined {
  return memberNamed(node, /^max_?(m0|degree|neighbou?rs)_?$/i);
}

function memberNamed(node: Node, pattern: RegExp): string | undefined {
  const body = enclosing(node, ['class_specifier', 'struct_specifier'])?.childForFieldName('body');
  const fields = body?.namedChildren.filter(({ type }) => type === 'field_declaration') ?? [];
  const names = fields.flatMap((field) => field.childrenForFieldName('declarator').map(declaredName));
  return names.find((name) => name !== undefined && pattern.test(name));
}
