import type { Node } from 'web-tree-sitter';

/** The `name(parameters)` part of a function's definition, behind the pointers and references of its result. */
export function functionDeclarator(definition: Node): Node | undefined {
  let declarator = definition.childForFieldName('declarator');
  while (declarator && declarator.type !== 'function_declarator') {
    declarator = declarator.childForFieldName('declarator') ?? declarator.namedChildren.at(-1) ?? null;
  }
  return declarator ?? undefined;
}

/** The name of a function's definition, as written there. */
export function functionName(definition: Node): string | undefined {
  return functionDeclarator(definition)?.childForFieldName('declarator')?.text;
}

export function parametersOf(definition: Node): readonly Node[] {
  const list = functionDeclarator(definition)?.childForFieldName('parameters')?.namedChildren ?? [];
  return list.filter(({ type }) => type.includes('parameter'));
}
