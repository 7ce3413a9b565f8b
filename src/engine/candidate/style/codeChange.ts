import { diffArrays } from 'diff';
import type { Node, Tree } from 'web-tree-sitter';
import type { FileTexts } from '../../../protocol/policy.ts';
import type { CppSyntax } from '../../ports.ts';
import { changedFiles } from '../patch.ts';

/** One changed file of a candidate. */
export interface CodeChange {
  readonly file: string;
  readonly before: string;
  readonly after: string;
  readonly oldTree: Tree;
  readonly tree: Tree;
  /** Whether the candidate wrote the line at which a node of `tree` starts; other indentation alone is no change. */
  isNew(node: Node): boolean;
  /** Whether the line at which a node of `oldTree` starts is gone. */
  isGone(node: Node): boolean;
}

/** Parses the changed files, hands them to `use` and frees the trees. Files without an earlier text are left out. */
export function withChanges<T>(
  before: FileTexts,
  after: FileTexts,
  syntax: CppSyntax,
  use: (changes: readonly CodeChange[]) => T,
): T {
  const changes: CodeChange[] = [];
  try {
    for (const [file, text] of changedFiles(before, after)) {
      const old = before.get(file);
      if (old !== undefined) changes.push(changeOf(file, old, text, syntax));
    }
    return use(changes);
  } finally {
    for (const { tree, oldTree } of changes) {
      tree.delete();
      oldTree.delete();
    }
  }
}

function changeOf(file: string, before: string, after: string, syntax: CppSyntax): CodeChange {
  const added = new Set<number>();
  const removed = new Set<number>();
  const trimmed = (text: string): string[] => text.split('\n').map((line) => line.trim());
  let row = 0;
  let oldRow = 0;
  for (const part of diffArrays(trimmed(before), trimmed(after))) {
    for (let i = 0; i < part.count; ++i) {
      if (part.added) added.add(row);
      if (part.removed) removed.add(oldRow);
      if (!part.removed) ++row;
      if (!part.added) ++oldRow;
    }
  }
  return {
    file,
    before,
    after,
    oldTree: syntax.parse(before),
    tree: syntax.parse(after),
    isNew: (node) => added.has(node.startPosition.row),
    isGone: (node) => removed.has(node.startPosition.row),
  };
}

/** The nodes of a tree that have one of the types, in order; none inside of one that is found. */
export function nodesOf(root: Node, types: readonly string[]): readonly Node[] {
  return root.descendantsOfType([...types]).filter((node) => node !== null);
}

/** The nodes around a node, nearest first. */
export function* ancestorsOf(node: Node): Generator<Node> {
  for (let above = node.parent; above; above = above.parent) yield above;
}
