import type { Node } from 'web-tree-sitter';
import { type Call, callsIn, declaredName, descendants, enclosing } from './cppNodes.ts';
import type { RewriteSource } from './rewrite.ts';

/** Who runs a beam search besides queries. */
export type BeamCallers =
  | { readonly kind: 'queries' }
  /** Building runs it too, over links of another type than the queries' class `links`. */
  | { readonly kind: 'told-apart'; readonly links: string }
  | { readonly kind: 'mixed' };

/** Whether the construction module runs the function `name` too, and how its calls are told from those of queries. */
export function beamCallers({ files, manifest, syntax }: RewriteSource, name: string): BeamCallers {
  const building = new Set<string | undefined>();
  const searching = new Set<string | undefined>();
  for (const [file, text] of files) {
    if (!text.includes(name)) continue;
    const tree = syntax.parse(text);
    try {
      const built = (manifest.modules.construction?.regions ?? [])
        .filter((region) => region.file === file && !region.symbol.startsWith('#'))
        .flatMap(({ symbol }) => syntax.find(tree, symbol));
      for (const call of callsIn(tree.rootNode).filter((other) => plainCallee(other) === name)) {
        const inside = built.some((node) => within(call.node, node));
        (inside ? building : searching).add(firstType(call));
      }
    } finally {
      tree.delete();
    }
  }
  if (building.size === 0) return { kind: 'queries' };
  const [links] = searching;
  const apart = searching.size === 1 && links !== undefined && !building.has(undefined);
  return apart && !building.has(links) ? { kind: 'told-apart', links } : { kind: 'mixed' };
}

/** The called name without template arguments. */
function plainCallee({ name }: Call): string {
  return name.replace(/<.*$/s, '');
}

function within(node: Node, outer: Node): boolean {
  return outer.startIndex <= node.startIndex && node.endIndex <= outer.endIndex;
}

/** The type of a call's first argument, where that is a local variable or a field. */
function firstType({ node, arguments: [argument] }: Call): string | undefined {
  if (argument?.type !== 'identifier') return undefined;
  const scopes = [
    enclosing(node, ['function_definition']),
    enclosing(node, ['class_specifier', 'struct_specifier']),
  ];
  for (const scope of scopes) {
    const declarations = scope
      ? descendants(scope, ({ type }) => type === 'declaration' || type === 'field_declaration')
      : [];
    const found = declarations.find((declaration) => {
      const declarator = declaration.childForFieldName('declarator');
      return declarator !== null && declaredName(declarator) === argument.text;
    });
    if (found) return found.childForFieldName('type')?.text;
  }
  return undefined;
}
