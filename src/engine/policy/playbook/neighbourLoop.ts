import type { Node } from 'web-tree-sitter';
import { type Call, callsIn, declaredName, descendants, enclosing, mentions, plainName } from './cppNodes.ts';

/** The loop over one node's neighbours, taken apart. */
export interface NeighbourLoop {
  readonly loop: Node;
  /** `for (...)`, as written. */
  readonly header: string;
  /** Statements before the visited test, prefetches left out. */
  readonly before: readonly Node[];
  /** The call that puts a node in the visited set and says whether it was new. */
  readonly insert: Call;
  /** Name and declared type of the neighbour's id. */
  readonly id: string;
  readonly idType: string;
  /** What is done with an unvisited neighbour. */
  readonly work: readonly Node[];
  /** The distance object that `work` calls with the id. */
  readonly distance: string;
}

export type NeighbourLoopResult =
  | { readonly kind: 'found'; readonly found: NeighbourLoop }
  | { readonly kind: 'declined'; readonly reason: string };

const insertNames: ReadonlySet<string> = new Set(['insert', 'visit', 'testandset', 'checkandset', 'add']);
const prefetchNames: ReadonlySet<string> = new Set(['builtinprefetch', 'mmprefetch', 'prefetch']);

/**
 * Finds the loop that tests each neighbour against the visited set and computes the distances of the new ones. Both
 * common shapes are read: `if (!visited.insert(id)) continue; work` and `if (visited.insert(id)) { work }`.
 */
export function findNeighbourLoop(search: Node): NeighbourLoopResult {
  const loops = descendants(
    search,
    ({ type }) => type === 'for_statement' || type === 'for_range_loop',
  ).filter((loop) => enclosing(loop, ['while_statement', 'for_statement', 'do_statement']) !== undefined);
  const readings = loops.map(readLoop);
  const found = readings.find((reading) => reading?.kind === 'found');
  return (
    found ??
    readings.find((reading) => reading?.kind === 'declined') ?? {
      kind: 'declined',
      reason: 'no loop over neighbours with a test such as `if (!visited.insert(id)) continue;` was found',
    }
  );
}

function readLoop(loop: Node): NeighbourLoopResult | undefined {
  const body = loop.childForFieldName('body');
  if (body?.type !== 'compound_statement') return undefined;
  const statements = body.namedChildren;
  const at = statements.findIndex((statement) => visitedTest(statement) !== undefined);
  const test = statements[at];
  const insert = test && visitedTest(test);
  const id = insert?.arguments[0]?.text;
  if (!test || !insert || id === undefined) return undefined;

  const after = statements.slice(at + 1);
  const work = guardedWork(test, after);
  if (work === undefined) return declined('the visited test has an `else`, or more code follows its block');
  const before = statements.slice(0, at).filter((statement) => !isPrefetch(statement));
  const idType = declaredType(loop, before, id);
  if (idType === undefined) return declined(`the declaration of \`${id}\` is not in the neighbour loop`);

  const distance = work
    .flatMap(callsIn)
    .find((call) => call.object === undefined && call.arguments[0]?.text === id)?.callee;
  if (distance === undefined) return declined(`no call of a distance with \`${id}\` was found`);
  const loopNames = namesOf(loop, before).filter((name) => name !== id);
  const used = loopNames.find((name) => work.some((statement) => mentions(statement, name)));
  if (used !== undefined) return declined(`what is done with a neighbour needs the loop's \`${used}\``);
  const leaves = work.some((node) => descendants(node, ({ type }) => type === 'break_statement').length > 0);
  if (leaves) return declined('the neighbour loop is left early');
  const header = loop.text.slice(0, body.startIndex - loop.startIndex).trim();
  return { kind: 'found', found: { loop, header, before, insert, id, idType, work, distance } };
}

/** The insertion in the condition of `if (insert(id))` or `if (!insert(id))`. */
function visitedTest(statement: Node): Call | undefined {
  if (statement.type !== 'if_statement') return undefined;
  const condition = statement.childForFieldName('condition');
  if (!condition) return undefined;
  return callsIn(condition).find(
    ({ object, name, arguments: list }) =>
      object !== undefined &&
      insertNames.has(plainName(name)) &&
      list.length === 1 &&
      list[0]?.type === 'identifier',
  );
}

function guardedWork(test: Node, after: readonly Node[]): readonly Node[] | undefined {
  const condition = test.childForFieldName('condition')?.text.replaceAll(/\s/g, '') ?? '';
  return workBehind(test, after, condition.startsWith('(!'));
}

/** What follows a test that skips by `continue` when it is true, or stands in its block. Undefined for other shapes. */
export function workBehind(test: Node, after: readonly Node[], skips: boolean): readonly Node[] | undefined {
  const consequence = test.childForFieldName('consequence');
  if (!consequence || test.childForFieldName('alternative')) return undefined;
  const statements = consequence.type === 'compound_statement' ? consequence.namedChildren : [consequence];
  if (skips) return statements.every(({ type }) => type === 'continue_statement') ? after : undefined;
  return after.length === 0 ? statements : undefined;
}

/** A statement that does nothing but prefetch, perhaps under a condition or for some targets only. */
export function isPrefetch(statement: Node): boolean {
  if (statement.type === 'comment') return false;
  if (statement.type === 'preproc_ifdef') {
    const [, ...guarded] = statement.namedChildren.filter(({ type }) => type !== 'comment');
    return guarded.length > 0 && guarded.every(isPrefetch);
  }
  const consequence = statement.childForFieldName('consequence');
  if (statement.type === 'if_statement' && consequence) {
    if (statement.childForFieldName('alternative')) return false;
    return consequence.type === 'compound_statement'
      ? consequence.namedChildren.every(isPrefetch)
      : isPrefetch(consequence);
  }
  const calls = callsIn(statement);
  return (
    statement.type === 'expression_statement' && calls.some(({ name }) => prefetchNames.has(plainName(name)))
  );
}

export function declaredType(loop: Node, before: readonly Node[], id: string): string | undefined {
  const declarations = [...(loop.type === 'for_range_loop' ? [loop] : []), ...before];
  const declaration = declarations.find((node) => {
    const declarator = node.childForFieldName('declarator');
    return declarator !== null && declaredName(declarator) === id;
  });
  return declaration?.childForFieldName('type')?.text;
}

export function namesOf(loop: Node, before: readonly Node[]): readonly string[] {
  const initializer = loop.childForFieldName('initializer');
  return [loop, ...(initializer ? [initializer] : []), ...before].flatMap((node) => {
    const declarator = node.childForFieldName('declarator');
    const name = declarator ? declaredName(declarator) : undefined;
    return name === undefined ? [] : [name];
  });
}

function declined(reason: string): NeighbourLoopResult {
  return { kind: 'declined', reason };
}
