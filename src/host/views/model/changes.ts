import type { ViewNode } from './node.ts';

/**
 * The rows that must be asked for again to get from one tree to the other: `all`, or ids of which none lies below
 * another. A row that is asked for again brings what is below it.
 */
export function changedRows(
  before: readonly ViewNode[],
  after: readonly ViewNode[],
): 'all' | readonly string[] {
  return sameOrder(before, after) ? after.flatMap((node, i) => changesBelow(before[i]!, node)) : 'all';
}

function changesBelow(before: ViewNode, after: ViewNode): readonly string[] {
  if (rowText(before) !== rowText(after) || !sameOrder(before.children, after.children)) return [after.id];
  return after.children.flatMap((child, i) => changesBelow(before.children[i]!, child));
}

function sameOrder(before: readonly ViewNode[], after: readonly ViewNode[]): boolean {
  return before.length === after.length && after.every(({ id }, i) => before[i]!.id === id);
}

function rowText({ children: _, ...row }: ViewNode): string {
  return JSON.stringify(row);
}
