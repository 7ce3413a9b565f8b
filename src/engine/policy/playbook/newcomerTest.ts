import type { Node } from 'web-tree-sitter';
import { type Call, callsIn, declaredName, declares, descendants, plainName, readCall } from './cppNodes.ts';

/** The place in a beam search where a neighbour's distance is compared with the worst of the pool. */
export interface NewcomerTest {
  /** The loop over the waiting nodes: `while (pool.hasNext())`. */
  readonly loop: Node;
  /** `if (d < pool.worst()) ...` */
  readonly test: Node;
  /** `d`, and its type as declared. */
  readonly distance: string;
  readonly distanceType: string;
  /** The call that gives `d`, and the declared type of its first argument, the neighbour's id. */
  readonly computed: Call;
  readonly id: string;
  readonly idType: string;
  /** The pool, and its `worst` as called there. */
  readonly pool: string;
  readonly worst: string;
}

/** Finds the test of a newcomer in a beam search over a pool with `hasNext()` and `worst()`; undefined for other shapes. */
export function findNewcomerTest(search: Node): NewcomerTest | undefined {
  for (const loop of descendants(search, ({ type }) => type === 'while_statement')) {
    const condition = loop.childForFieldName('condition');
    const next = condition && callsIn(condition).find(({ name }) => plainName(name) === 'hasnext');
    if (next?.object === undefined) continue;
    for (const test of descendants(loop, ({ type }) => type === 'if_statement')) {
      const found = readTest(loop, test, next.object);
      if (found) return found;
    }
  }
  return undefined;
}

function readTest(loop: Node, test: Node, pool: string): NewcomerTest | undefined {
  const comparison = test.childForFieldName('condition')?.childForFieldName('value');
  const left = comparison?.childForFieldName('left');
  const right = comparison?.childForFieldName('right');
  const worst = right && readCall(right);
  if (comparison?.childForFieldName('operator')?.text !== '<' || left?.type !== 'identifier')
    return undefined;
  if (worst?.object !== pool || plainName(worst.name) !== 'worst' || test.childForFieldName('alternative'))
    return undefined;
  const declaration = test.parent?.namedChildren.find((node) => declares(node, left.text));
  const value = declaration?.childForFieldName('declarator')?.childForFieldName('value');
  const type = declaration?.childForFieldName('type')?.text;
  const computed = value && readCall(value);
  const id = computed?.arguments[0]?.text;
  const idType = id === undefined ? undefined : typeDeclared(loop, id);
  if (!computed || id === undefined || idType === undefined || type === undefined) return undefined;
  const names = { distance: left.text, distanceType: type, id, idType, pool, worst: worst.node.text };
  return { loop, test, computed, ...names };
}

function typeDeclared(root: Node, name: string): string | undefined {
  const declaration = descendants(
    root,
    ({ type }) => type === 'declaration' || type === 'for_range_loop',
  ).find((node) => {
    const declarator = node.childForFieldName('declarator');
    return declarator !== null && declaredName(declarator) === name;
  });
  return declaration?.childForFieldName('type')?.text;
}
