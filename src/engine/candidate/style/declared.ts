import type { Node } from 'web-tree-sitter';

/** A name that a file declares. */
export interface Declared {
  readonly name: string;
  /** The identifier. */
  readonly node: Node;
  readonly kind: 'macro' | 'namespace' | 'type' | 'function' | 'variable' | 'parameter' | 'enumerator';
  readonly scope: 'namespace' | 'class' | 'local';
  /** The whole declaration, or the parameter. */
  readonly declaration: Node;
  /** The function or lambda around a local name, or whose parameter it is. */
  readonly inside: Node | undefined;
  /** Qualified name of the class or namespace around it. */
  readonly owner: string;
  /** Whether code outside of the file can name it. */
  readonly isVisible: boolean;
}

interface Place {
  readonly scope: Declared['scope'];
  readonly owner: string;
  readonly isVisible: boolean;
  readonly inside: Node | undefined;
  readonly depth: number;
}

const classNodes: ReadonlySet<string> = new Set(['class_specifier', 'struct_specifier', 'union_specifier']);
const parameterNodes: ReadonlySet<string> = new Set([
  'parameter_declaration',
  'optional_parameter_declaration',
  'variadic_parameter_declaration',
]);
const hiddenNamespace = /^(?:\w*_)?(?:details?|internal|impl)$/;

/** Every name that a tree declares, in order of the text. */
export function declaredIn(root: Node): readonly Declared[] {
  const found: Declared[] = [];
  visitAll(root, { scope: 'namespace', owner: '', isVisible: true, inside: undefined, depth: 0 }, found);
  return found;
}

/** Code nested deeper is not looked at: no person wrote it, and it must not exhaust the stack. */
const deepest = 500;

function visitAll(node: Node, place: Place, found: Declared[]): void {
  if (place.depth > deepest) return;
  let access: boolean | undefined;
  for (const child of node.namedChildren) {
    if (child.type === 'access_specifier') {
      access = child.text.startsWith('public');
      continue;
    }
    const isVisible = place.isVisible && access !== false;
    visit(child, { ...place, isVisible, depth: place.depth + 1 }, found);
  }
}

function visit(node: Node, place: Place, found: Declared[]): void {
  const add = (kind: Declared['kind'], name: Node | null, isVisible = place.isVisible): void => {
    if (!name || name.text === '') return;
    found.push({ ...place, name: name.text, node: name, kind, declaration: node, isVisible });
  };
  const within = (name: string): string => (place.owner === '' ? name : `${place.owner}::${name}`);
  if (classNodes.has(node.type) || node.type === 'enum_specifier') {
    const name = node.childForFieldName('name');
    const body = node.childForFieldName('body');
    if (!body) return;
    if (name?.type === 'type_identifier') add('type', name);
    // Members of a class are public at first where it is a struct, and names of a class that is hidden are hidden.
    visitMembers(node, body, { ...place, scope: 'class', owner: within(name?.text ?? '') }, found);
  } else if (parameterNodes.has(node.type)) {
    for (const name of namesIn(node.childForFieldName('declarator'))) add('parameter', name, false);
    visitAll(node, place, found);
  } else if (node.type === 'namespace_definition') {
    const name = node.childForFieldName('name');
    add('namespace', name);
    const isHidden = !name || hiddenNamespace.test(name.text);
    const inner = { ...place, owner: within(name?.text ?? ''), isVisible: place.isVisible && !isHidden };
    const body = node.childForFieldName('body');
    if (body) visitAll(body, inner, found);
  } else if (node.type === 'function_definition') {
    visitFunction(node, place, add, found);
  } else if (node.type === 'lambda_expression') {
    visitAll(node, { ...place, scope: 'local', inside: node, isVisible: false }, found);
  } else if (node.type === 'enumerator') {
    add('enumerator', node.childForFieldName('name'));
  } else if (node.type === 'preproc_def' || node.type === 'preproc_function_def') {
    add('macro', node.childForFieldName('name'), true);
  } else if (node.type === 'alias_declaration') {
    add('type', node.childForFieldName('name'));
  } else if (node.type === 'declaration' || node.type === 'field_declaration') {
    const isHidden = place.scope === 'namespace' && isStatic(node);
    for (const declarator of node.childrenForFieldName('declarator')) {
      if (!declarator) continue;
      // In a function, what looks like a prototype is a variable and what it is made of.
      const kind = place.scope !== 'local' && isPrototype(declarator) ? 'function' : 'variable';
      for (const name of namesIn(declarator)) add(kind, name, place.isVisible && !isHidden);
    }
    visitAll(node, place, found);
  } else {
    visitAll(node, place, found);
  }
}

function visitMembers(type: Node, body: Node, place: Place, found: Declared[]): void {
  let isPublic = type.type !== 'class_specifier';
  const each = (list: Node, depth = place.depth): void => {
    if (depth > deepest) return;
    for (const child of list.namedChildren) {
      if (child.type === 'access_specifier') isPublic = child.text.startsWith('public');
      // Conditional members stand one level deeper; their access goes on after them.
      else if (child.type.startsWith('preproc_') && !child.type.endsWith('def')) each(child, depth + 1);
      else if (child.type === 'preproc_ifdef') each(child, depth + 1);
      else if (child.type !== 'friend_declaration') {
        visit(child, { ...place, isVisible: place.isVisible && isPublic, depth: place.depth + 1 }, found);
      }
    }
  };
  each(body);
}

function visitFunction(
  node: Node,
  place: Place,
  add: (kind: 'function', name: Node | null, isVisible?: boolean) => void,
  found: Declared[],
): void {
  const [name] = namesIn(node.childForFieldName('declarator'));
  if (name) add('function', name, place.isVisible && !(place.scope === 'namespace' && isStatic(node)));
  visitAll(node, { ...place, scope: 'local', inside: node, isVisible: false }, found);
}

/** The identifiers that a declarator introduces. A qualified name defines what is declared elsewhere: none. */
function namesIn(declarator: Node | null | undefined): readonly Node[] {
  if (!declarator) return [];
  if (declarator.type === 'identifier' || declarator.type === 'field_identifier') return [declarator];
  if (declarator.type === 'structured_binding_declarator') {
    return declarator.namedChildren.filter(({ type }) => type === 'identifier');
  }
  if (!/_declarator$/.test(declarator.type)) return [];
  const inner = declarator.childForFieldName('declarator');
  return namesIn(inner ?? declarator.namedChildren.find(({ type }) => /declarator$|identifier$/.test(type)));
}

function isPrototype(declarator: Node): boolean {
  let node: Node | null | undefined = declarator;
  while (node && /^(?:pointer|reference)_declarator$/.test(node.type)) {
    node = node.childForFieldName('declarator') ?? node.namedChildren.at(-1);
  }
  return (
    node?.type === 'function_declarator' &&
    node.childForFieldName('declarator')?.type !== 'parenthesized_declarator'
  );
}

function isStatic(declaration: Node): boolean {
  return declaration.namedChildren.some(
    ({ type, text }) => type === 'storage_class_specifier' && text === 'static',
  );
}
