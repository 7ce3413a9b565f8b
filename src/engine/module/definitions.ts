import type { Node } from 'web-tree-sitter';
import type { Region } from '../../protocol/module.ts';
import { canonicalType } from './symbolName.ts';

/** A definition in a C++ file: what a region, a role or a message can name. */
export interface Definition {
  /** Qualified name, outermost first; anonymous namespaces leave no trace. */
  readonly path: readonly string[];
  readonly kind: Exclude<Region['kind'], 'includes'>;
  /** Canonical parameter types of a function. */
  readonly parameters: readonly string[] | undefined;
  /** The whole definition, template header included. */
  readonly node: Node;
}

const typeNodes: ReadonlySet<string> = new Set([
  'class_specifier',
  'struct_specifier',
  'union_specifier',
  'enum_specifier',
]);

/** Every definition outside function bodies, in file order. Declarations without a body define nothing. */
export function definitionsOf(root: Node): readonly Definition[] {
  const found: Definition[] = [];
  visitChildren(root, [], found);
  return found;
}

function visitChildren(node: Node, scope: readonly string[], found: Definition[]): void {
  for (const child of node.namedChildren) visit(child, child, scope, found);
}

/** `outer` is the node that a definition at `node` is reported with: its template header when it has one. */
function visit(node: Node, outer: Node, scope: readonly string[], found: Definition[]): void {
  if (typeNodes.has(node.type)) {
    visitType(node, outer, scope, found);
    return;
  }
  switch (node.type) {
    case 'namespace_definition': {
      const name = node.childForFieldName('name');
      const body = node.childForFieldName('body');
      if (body) visitChildren(body, [...scope, ...(name ? name.text.split('::') : [])], found);
      return;
    }
    case 'template_declaration':
      for (const child of node.namedChildren) {
        if (child.type !== 'template_parameter_list') visit(child, outer, scope, found);
      }
      return;
    case 'function_definition':
      visitFunction(node, outer, scope, found);
      return;
    case 'declaration':
    case 'field_declaration':
      visitVariables(node, outer, scope, found);
      return;
    case 'alias_declaration':
    case 'type_definition': {
      const name = node.childForFieldName(node.type === 'alias_declaration' ? 'name' : 'declarator');
      const type = node.childForFieldName('type');
      if (type && typeNodes.has(type.type)) visitType(type, type, scope, found);
      if (name) found.push({ path: [...scope, name.text], kind: 'type', parameters: undefined, node: outer });
      return;
    }
    case 'compound_statement':
      return;
    default:
      visitChildren(node, scope, found);
  }
}

function visitType(node: Node, outer: Node, scope: readonly string[], found: Definition[]): void {
  const body = node.childForFieldName('body');
  const name = node.childForFieldName('name');
  if (!body) return;
  const path = [...scope, ...(name ? nameSegments(name) : [])];
  if (name) found.push({ path, kind: 'type', parameters: undefined, node: outer });
  visitChildren(body, path, found);
}

function visitFunction(node: Node, outer: Node, scope: readonly string[], found: Definition[]): void {
  const declarator = functionDeclarator(node.childForFieldName('declarator'));
  const name = declarator?.childForFieldName('declarator') ?? operatorCast(node);
  if (!name || node.childForFieldName('body') === null) {
    // `= default` and `= delete` define nothing that a candidate could change.
    return;
  }
  const parameters = declarator?.childForFieldName('parameters');
  found.push({
    path: [...scope, ...nameSegments(name)],
    kind: 'function',
    parameters: parameters ? parameterTypes(parameters) : [],
    node: outer,
  });
}

function visitVariables(node: Node, outer: Node, scope: readonly string[], found: Definition[]): void {
  const type = node.childForFieldName('type');
  if (type && typeNodes.has(type.type)) visitType(type, type, scope, found);
  for (const declarator of node.childrenForFieldName('declarator')) {
    const name = variableName(declarator);
    if (name) {
      found.push({
        path: [...scope, ...nameSegments(name)],
        kind: 'member',
        parameters: undefined,
        node: outer,
      });
    }
  }
}

/** The name a data declarator introduces; undefined for a function prototype. */
function variableName(declarator: Node): Node | undefined {
  switch (declarator.type) {
    case 'identifier':
    case 'field_identifier':
    case 'qualified_identifier':
      return declarator;
    case 'function_declarator': {
      // `float (*distance)(int)` is data; `float distance(int)` is a prototype.
      const inner = declarator.childForFieldName('declarator');
      return inner?.type === 'parenthesized_declarator' ? variableName(inner) : undefined;
    }
    default: {
      const inner = declarator.childForFieldName('declarator') ?? declarator.namedChildren.at(0);
      return inner ? variableName(inner) : undefined;
    }
  }
}

function functionDeclarator(declarator: Node | null): Node | undefined {
  let node: Node | null | undefined = declarator;
  while (node && node.type !== 'function_declarator') {
    node = node.childForFieldName('declarator') ?? node.namedChildren.at(-1);
  }
  return node ?? undefined;
}

function operatorCast(node: Node): Node | undefined {
  const declarator = node.childForFieldName('declarator');
  return declarator?.type === 'operator_cast' ? declarator : undefined;
}

function nameSegments(name: Node): string[] {
  if (name.type !== 'qualified_identifier') return [canonicalType(name.text)];
  const scope = name.childForFieldName('scope');
  const inner = name.childForFieldName('name');
  return [...(scope ? [canonicalType(scope.text)] : []), ...(inner ? nameSegments(inner) : [])];
}

function parameterTypes(list: Node): string[] {
  return list.namedChildren
    .filter((node) => node.type.includes('parameter'))
    .map(parameterType)
    .filter((type) => type !== '' && type !== 'void');
}

/** The parameter's text without its name and default value. */
function parameterType(parameter: Node): string {
  const defaultValue = parameter.childForFieldName('default_value');
  const end = defaultValue ? defaultValue.startIndex : parameter.endIndex;
  const text = parameter.text.slice(0, end - parameter.startIndex).replace(/=\s*$/, '');
  const declarator = parameter.childForFieldName('declarator');
  const name = declarator ? variableName(declarator) : undefined;
  if (!name) return canonicalType(text);
  const at = name.startIndex - parameter.startIndex;
  return canonicalType(`${text.slice(0, at)} ${text.slice(at + name.text.length)}`);
}
