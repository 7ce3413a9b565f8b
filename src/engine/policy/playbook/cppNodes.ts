import type { Node } from 'web-tree-sitter';

/** Nodes below `root`, in text order, that `matches` accepts; `root` itself excluded. */
export function descendants(root: Node, matches: (node: Node) => boolean): readonly Node[] {
  const found: Node[] = [];
  const visit = (node: Node): void => {
    for (const child of node.namedChildren) {
      if (matches(child)) found.push(child);
      visit(child);
    }
  };
  visit(root);
  return found;
}

/** The nearest node above `node` of one of these types. */
export function enclosing(node: Node, types: readonly string[]): Node | undefined {
  let above = node.parent;
  while (above && !types.includes(above.type)) above = above.parent;
  return above ?? undefined;
}

/** The definition itself, without its template header. */
export function unwrapTemplate(node: Node): Node {
  if (node.type !== 'template_declaration') return node;
  return node.namedChildren.find(({ type }) => isDefinition(type)) ?? node;
}

function isDefinition(type: string): boolean {
  return type === 'function_definition' || type === 'class_specifier' || type === 'struct_specifier';
}

/** A name without case and underscores, so that `HasNext`, `hasNext` and `has_next` are one. */
export function plainName(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

/** A call as (object, function name, arguments): `pool.push(x)`, `f(x)`, `std::f(x)`. */
export interface Call {
  readonly node: Node;
  /** The object of a member call, as written. */
  readonly object: string | undefined;
  /** Name of the called function, last segment of a qualified one. */
  readonly name: string;
  readonly callee: string;
  readonly arguments: readonly Node[];
}

export function readCall(node: Node): Call | undefined {
  if (node.type !== 'call_expression') return undefined;
  const callee = node.childForFieldName('function');
  const list = node.childForFieldName('arguments');
  if (!callee || !list) return undefined;
  const field = callee.type === 'field_expression' ? callee : undefined;
  const name = field?.childForFieldName('field')?.text ?? callee.text.split('::').at(-1) ?? '';
  return {
    node,
    object: field?.childForFieldName('argument')?.text,
    name,
    callee: callee.text,
    arguments: list.namedChildren.filter(({ type }) => type !== 'comment'),
  };
}

export function callsIn(root: Node): readonly Call[] {
  const self = readCall(root);
  const below = descendants(root, ({ type }) => type === 'call_expression');
  return [...(self ? [self] : []), ...below.flatMap((node) => readCall(node) ?? [])];
}

/** Whether `name` is used as an identifier anywhere in `root`. */
export function mentions(root: Node, name: string): boolean {
  if (root.type === 'identifier') return root.text === name;
  return descendants(root, ({ type, text }) => type === 'identifier' && text === name).length > 0;
}

/** The name that a declarator such as `*p`, `&r`, `x = 1` or `x` introduces. */
export function declaredName(declarator: Node): string | undefined {
  if (declarator.type === 'identifier' || declarator.type === 'field_identifier') return declarator.text;
  const inner = declarator.childForFieldName('declarator') ?? declarator.namedChildren.at(0);
  return inner ? declaredName(inner) : undefined;
}

/** Whether a statement is the declaration of `name`. */
export function declares(statement: Node, name: string): boolean {
  const declarator = statement.type === 'declaration' ? statement.childForFieldName('declarator') : null;
  return declarator !== null && declaredName(declarator) === name;
}

const loopTypes: ReadonlySet<string> = new Set([
  'while_statement',
  'do_statement',
  'for_statement',
  'for_range_loop',
]);

/** The outermost loop of `definition` around `node`, which may be `node` itself. */
export function outermostLoop(node: Node, definition: Node): Node {
  let outermost = node;
  for (let above = node.parent; above && !above.equals(definition); above = above.parent) {
    if (loopTypes.has(above.type)) outermost = above;
  }
  return outermost;
}
