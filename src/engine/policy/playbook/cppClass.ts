import type { Node } from 'web-tree-sitter';
import { declaredName, plainName } from './cppNodes.ts';

/** A member function with a body. */
export interface Method {
  readonly name: string;
  readonly node: Node;
  /** `{ ... }` */
  readonly body: Node;
  readonly parameters: readonly Parameter[];
  /** `: a_(1), b_(2)` of a constructor. */
  readonly initializers: Node | undefined;
}

export interface Parameter {
  readonly name: string;
  /** As written, without the name, e.g. `const float*`. */
  readonly type: string;
}

export interface CppClass {
  readonly name: string;
  readonly node: Node;
  /** `{ ... }` */
  readonly body: Node;
  readonly methods: readonly Method[];
  /** The single `private:` label, when all after it is private to the end. */
  readonly privateLabel: Node | undefined;
}

/** Reads a class or struct specifier; undefined for another node or a declaration without a body. */
export function readClass(node: Node): CppClass | undefined {
  if (node.type !== 'class_specifier' && node.type !== 'struct_specifier') return undefined;
  const name = node.childForFieldName('name')?.text;
  const body = node.childForFieldName('body');
  if (name === undefined || !body) return undefined;
  const labels = body.namedChildren.filter(({ type }) => type === 'access_specifier');
  const last = labels.at(-1);
  const privates = labels.filter(({ text }) => text.startsWith('private'));
  return {
    name,
    node,
    body,
    methods: body.namedChildren.flatMap((child) => readMethod(child) ?? []),
    privateLabel: privates.length === 1 && last && last.equals(privates[0] ?? body) ? last : undefined,
  };
}

/** The method of this name, whatever its case and underscores; undefined when there is none or several. */
export function method(type: CppClass, name: string): Method | undefined {
  const found = type.methods.filter((candidate) => plainName(candidate.name) === name);
  return found.length === 1 ? found[0] : undefined;
}

export function constructorOf(type: CppClass): Method | undefined {
  const found = type.methods.filter(({ name }) => name === type.name);
  return found.length === 1 ? found[0] : undefined;
}

function readMethod(child: Node): Method | undefined {
  const node =
    child.type === 'template_declaration'
      ? child.namedChildren.find(({ type }) => type === 'function_definition')
      : child;
  if (node?.type !== 'function_definition') return undefined;
  const body = node.childForFieldName('body');
  let declarator = node.childForFieldName('declarator');
  while (declarator && declarator.type !== 'function_declarator') {
    declarator = declarator.childForFieldName('declarator') ?? declarator.namedChildren.at(-1) ?? null;
  }
  const name = declarator?.childForFieldName('declarator')?.text;
  if (!body || name === undefined) return undefined;
  const list = declarator?.childForFieldName('parameters')?.namedChildren ?? [];
  return {
    name,
    node,
    body,
    parameters: list.filter(({ type }) => type.includes('parameter')).map(readParameter),
    initializers: node.namedChildren.find(({ type }) => type === 'field_initializer_list'),
  };
}

function readParameter(node: Node): Parameter {
  const declarator = node.childForFieldName('declarator');
  const name = declarator ? (declaredName(declarator) ?? '') : '';
  const type = name === '' ? node.text : node.text.slice(0, node.text.lastIndexOf(name));
  return { name, type: type.trim() };
}
