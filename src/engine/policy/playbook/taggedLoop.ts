import type { Node } from 'web-tree-sitter';
import { descendants, enclosing, mentions } from './cppNodes.ts';
import { declaredType, isPrefetch, namesOf, workBehind } from './neighbourLoop.ts';
import { type RowCall, rowOf } from './rowCall.ts';

/** A loop over one node's neighbours that keeps one visited tag per node, as hnswlib's do. */
export interface TaggedLoop {
  readonly loop: Node;
  /** `for (...)`, as written. */
  readonly header: string;
  /** Statements before the visited test, prefetches left out. */
  readonly before: readonly Node[];
  /** `tags[id] = tag;`, as written. */
  readonly mark: string;
  /** `tags[id] != tag`, true for a node that is new. */
  readonly isNew: string;
  /** Name and declared type of the neighbour's id. */
  readonly id: string;
  readonly idType: string;
  /** What is done with an unvisited neighbour, after it is marked. */
  readonly work: readonly Node[];
  /** How `work` reads the neighbour's vector. */
  readonly row: RowCall;
  /** A block of prefetches right before the loop. */
  readonly lead: Node | undefined;
}

export type TaggedLoopResult =
  | { readonly kind: 'found'; readonly found: TaggedLoop }
  | { readonly kind: 'declined'; readonly reason: string };

/**
 * Finds the loop that compares each neighbour's tag with the search's and computes the distances of the new ones:
 * `if (tags[id] == tag) continue; tags[id] = tag; work`, or the same with the work in the guarded block.
 */
export function findTaggedLoop(search: Node): TaggedLoopResult {
  const loops = descendants(search, ({ type }) => type === 'for_statement').filter(
    (loop) => enclosing(loop, ['while_statement', 'for_statement', 'do_statement']) !== undefined,
  );
  const readings = loops.flatMap((loop) => readLoop(loop) ?? []);
  return (
    readings.find(({ kind }) => kind === 'found') ??
    readings[0] ??
    declined('no loop over neighbours with a test such as `tags[id] == tag` was found')
  );
}

function readLoop(loop: Node): TaggedLoopResult | undefined {
  const body = loop.childForFieldName('body');
  if (body?.type !== 'compound_statement') return undefined;
  const statements = body.namedChildren;
  const at = statements.findIndex((statement) => tagTest(statement) !== undefined);
  const test = statements[at];
  const tags = test && tagTest(test);
  if (!test || !tags) return undefined;

  const { id } = tags;
  const guarded = workBehind(test, statements.slice(at + 1), tags.skips);
  if (guarded === undefined)
    return declined('the visited test has an `else`, or more code follows its block');
  const [mark, ...work] = guarded;
  if (mark?.text.replaceAll(/\s/g, '') !== `${tags.tag}=${tags.value};`) {
    return declined(`\`${tags.tag} = ${tags.value};\` does not follow the visited test`);
  }
  const before = statements.slice(0, at).filter((statement) => !isPrefetch(statement));
  const idType = declaredType(loop, before, id);
  if (idType === undefined) return declined(`the declaration of \`${id}\` is not in the neighbour loop`);
  const row = rowOf(work, id);
  if (row === undefined) return declined(`no call of a distance with the vector of \`${id}\` was found`);
  const used = namesOf(loop, before)
    .filter((name) => name !== id)
    .find((name) => work.some((statement) => mentions(statement, name)));
  if (used !== undefined) return declined(`what is done with a neighbour needs the loop's \`${used}\``);
  if (leavesLoop(work)) return declined('the neighbour loop is left early');
  const header = loop.text.slice(0, body.startIndex - loop.startIndex).trim();
  const previous = loop.previousNamedSibling;
  const lead = previous && isPrefetch(previous) ? previous : undefined;
  const isNew = `${tags.tag} != ${tags.value}`;
  return {
    kind: 'found',
    found: { loop, header, before, mark: mark.text, isNew, id, idType, work, row, lead },
  };
}

interface Tags {
  /** `tags[id]` */
  readonly tag: string;
  /** What a visited node's tag is equal to. */
  readonly value: string;
  readonly id: string;
  /** Whether the test is true for a node that was visited. */
  readonly skips: boolean;
}

/** The comparison in `if (tags[id] == tag)`, `if (tags[id] != tag)` or `if (!(tags[id] == tag))`. */
function tagTest(statement: Node): Tags | undefined {
  if (statement.type !== 'if_statement') return undefined;
  let negated = false;
  let condition = statement.childForFieldName('condition')?.childForFieldName('value');
  while (condition?.type === 'unary_expression' || condition?.type === 'parenthesized_expression') {
    negated = negated !== (condition.type === 'unary_expression');
    condition = condition.childForFieldName('argument') ?? condition.namedChildren[0];
  }
  const left = condition?.childForFieldName('left');
  const right = condition?.childForFieldName('right');
  const operator = condition?.childForFieldName('operator')?.text;
  if (left?.type !== 'subscript_expression' || right?.type !== 'identifier') return undefined;
  if (operator !== '==' && operator !== '!=') return undefined;
  const index = left.childForFieldName('indices')?.namedChildren[0];
  if (index?.type !== 'identifier') return undefined;
  return { tag: left.text, value: right.text, id: index.text, skips: (operator === '==') !== negated };
}

function leavesLoop(work: readonly Node[]): boolean {
  const leaving = new Set(['break_statement', 'return_statement', 'goto_statement']);
  return work.some((node) => descendants(node, ({ type }) => leaving.has(type)).length > 0);
}

function declined(reason: string): TaggedLoopResult {
  return { kind: 'declined', reason };
}
