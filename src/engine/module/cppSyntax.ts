import { Language, type Node, Parser, type Tree } from 'web-tree-sitter';
import type { CppSyntax } from '../ports.ts';
import { grammarPaths } from './cppGrammar.ts';
import { type Definition, definitionsOf } from './definitions.ts';
import { endsWith, parseSymbolName, withoutTemplateArguments } from './symbolName.ts';

/** `CppSyntax` that also lists definitions, for error messages and region kinds. */
export interface CppSyntaxTrees extends CppSyntax {
  /** All definitions of the tree, in file order. */
  definitions(tree: Tree): readonly Definition[];
  /** The definitions behind `find`. */
  findDefinitions(tree: Tree, symbol: string): readonly Definition[];
}

/**
 * The C++ grammar, loaded once per call. Trees belong to the caller, who may `delete()` them to free WASM memory.
 * @throws Error when the grammar's WASM files cannot be found.
 */
export async function createCppSyntax(): Promise<CppSyntaxTrees> {
  const paths = grammarPaths();
  await Parser.init({ locateFile: () => paths.parser });
  const parser = new Parser();
  parser.setLanguage(await Language.load(paths.grammar));
  const known = new WeakMap<Tree, readonly Definition[]>();

  const definitions = (tree: Tree): readonly Definition[] => {
    const listed = known.get(tree) ?? definitionsOf(tree.rootNode);
    known.set(tree, listed);
    return listed;
  };
  const findDefinitions = (tree: Tree, symbol: string): readonly Definition[] => {
    const asked = parseSymbolName(symbol);
    return definitions(tree).filter(
      (definition) =>
        endsWith(definition.path, asked.segments) &&
        !(asked.segments.length === 1 && isConstructor(definition)) &&
        (asked.parameters === undefined || sameList(definition.parameters, asked.parameters)),
    );
  };
  return {
    parse(text) {
      const tree = parser.parse(text);
      // Null only without a language or when cancelled, neither of which happens here.
      if (tree === null) throw new Error('the C++ parser returned no tree');
      return tree;
    },
    find: (tree, symbol): readonly Node[] => findDefinitions(tree, symbol).map(({ node }) => node),
    definitions,
    findDefinitions,
  };
}

/** `Foo` alone names the class, not its constructors; those are `Foo::Foo`. */
function isConstructor({ kind, path }: Definition): boolean {
  const [scope, name] = path.slice(-2);
  return kind === 'function' && scope !== undefined && withoutTemplateArguments(scope) === name;
}

function sameList(a: readonly string[] | undefined, b: readonly string[]): boolean {
  return a !== undefined && a.length === b.length && a.every((value, i) => value === b[i]);
}
