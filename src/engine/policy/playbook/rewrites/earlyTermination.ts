import type { Node } from 'web-tree-sitter';
import { type BeamCallers, beamCallers } from '../beamCallers.ts';
import { method, readClass } from '../cppClass.ts';
import {
  blockText,
  type Edit,
  indentAt,
  insertAfter,
  insertBefore,
  reindent,
  replaceNode,
  withTrailingComments,
} from '../cppEdit.ts';
import { functionName, parametersOf } from '../cppFunction.ts';
import { addSystemIncludes } from '../cppIncludes.ts';
import { callsIn, descendants, enclosing, plainName, unwrapTemplate } from '../cppNodes.ts';
import { declined, editRole, type RoleSite, type SiteEdits, withRole } from '../editRole.ts';
import { findNewcomerTest, type NewcomerTest } from '../newcomerTest.ts';
import type { Rewrite, RewriteSource } from '../rewrite.ts';

/**
 * Ends a search that has converged: for a number of expansions no newcomer came near the best found. Newcomers that
 * merely enter the far part of the pool do not count, since those keep coming until the very end.
 */
export const earlyTermination: Rewrite = {
  id: 'early-termination',
  module: 'search',
  title: 'End a search that has converged',
  cause: 'Easy queries have their results long before their beam is expanded; the others keep all of it.',
  parameters: [
    {
      name: 'patience',
      values: [30, 40, 60],
      meaning: 'expansions without a newcomer near the best that end a search, in per cent of ef',
    },
  ],
  conflictsWith: [],
  apply: (source, values) =>
    editRole(source, 'neighbourLoop', (site) => {
      const patience = values.patience ?? 40;
      const search = unwrapTemplate(site.node);
      const name = functionName(search) ?? '';
      const callers = beamCallers(source, name);
      const found = findNewcomerTest(search);
      if (found) return overPool(source, site, found, callers, patience);
      const heaps = findHeapSearch(search);
      if (heaps) return overHeaps(site, heaps, callers, patience);
      return declined(
        'no loop that takes the nearest waiting node and tests newcomers against the worst found',
      );
    }),
};

const converged = `// A search has converged when its last newcomers were all far from the best found: those still
// enter the pool, but hardly ever the results.`;

function constants(patience: number): string {
  return withTrailingComments([
    [`constexpr std::size_t kPatiencePercent = ${patience};`, 'of ef: expansions without a near newcomer'],
    ['constexpr std::size_t kLeastPatience = 8;', 'expansions'],
    ['constexpr float kNear = 0.7F;', 'of the way from the best distance to the worst'],
  ]);
}

const patienceOf = (ef: string): string =>
  `const std::size_t patience = std::max(kLeastPatience, ${ef} * kPatiencePercent / 100);
std::size_t stale = 0;  // expansions since the last near newcomer`;

function nearTest(distance: string, worst: string): string {
  return `best = std::min(best, ${distance});
if (${distance} <= best + kNear * (${worst} - best)) stale = 0;`;
}

/** A search over a pool class. Building, which may run it too, keeps its whole beam. */
function overPool(
  source: RewriteSource,
  site: RoleSite,
  found: NewcomerTest,
  callers: BeamCallers,
  patience: number,
): SiteEdits {
  const { loop, test, distance, distanceType, pool, worst } = found;
  const condition = loop.childForFieldName('condition')?.childForFieldName('value');
  const body = loop.childForFieldName('body');
  const pop = body?.namedChildren.find((statement) =>
    callsIn(statement).some(({ object, name }) => object === pool && plainName(name) === 'pop'),
  );
  const ef = callsIn(site.node).find(({ object, name }) => object === pool && plainName(name) === 'reset');
  const full = poolMethod(source, 'full');
  const consequence = test.childForFieldName('consequence');
  if (site.text.includes('kPatiencePercent')) return declined('the search ends early already');
  if (!condition || !pop || ef?.arguments.length !== 1 || !full || !consequence) {
    return declined(`\`${pool}\` is not reset to ef, popped once per round and asked whether it is full`);
  }
  const guard = buildingGuard(source, site, callers);
  if (typeof guard === 'string') return declined(guard);
  const includes = addSystemIncludes(site.root, site.text, [
    'algorithm',
    'cstddef',
    'limits',
    ...(guard.condition === '' ? [] : ['type_traits']),
  ]);
  if (!includes) return declined(`${site.file} has no place for its #include lines`);
  const stop = `${guard.condition}stale >= patience && ${pool}.${full}()`;
  const before = `${converged}
${constants(patience)}
${guard.code}${patienceOf(ef.arguments[0]?.text ?? 'ef')}
${distanceType} best = std::numeric_limits<${distanceType}>::max();`;
  return {
    kind: 'edits',
    edits: [
      ...includes,
      ...guard.edits,
      insertBefore(site.text, loop, before),
      replaceNode(condition, `${condition.text} && !(${stop})`),
      insertAfter(site.text, pop, '++stale;'),
      replaceNode(consequence, guarded(site.text, test, consequence, nearTest(distance, worst))),
    ],
    note: note(patience),
  };
}

/** The name in use of a method of the pool's class. */
function poolMethod(source: RewriteSource, name: string): string | undefined {
  const found = withRole(source, 'candidatePool', ({ node }) => {
    const type = readClass(unwrapTemplate(node));
    return { kind: 'method' as const, name: type && method(type, name)?.name };
  });
  return found.kind === 'method' ? found.name : undefined;
}

interface Guard {
  /** Declares what `condition` asks for, a line of its own or nothing. */
  readonly code: string;
  /** `kMayStop && ` or nothing. */
  readonly condition: string;
  readonly edits: readonly Edit[];
}

/** Code that keeps searches for the sake of building as they are; a reason where they cannot be told from queries. */
function buildingGuard(source: RewriteSource, site: RoleSite, callers: BeamCallers): Guard | string {
  if (callers.kind === 'queries') return { code: '', condition: '', edits: [] };
  const mixed = 'building the graph runs this search too, and cannot be told from a query';
  if (callers.kind === 'mixed') return mixed;
  const search = unwrapTemplate(site.node);
  const [links] = parametersOf(search);
  const parameter = links?.childForFieldName('type')?.text;
  const declaration = forwardDeclaration(source, site, callers.links);
  if (parameter === undefined || declaration === undefined || parameter === callers.links) return mixed;
  return {
    code: `// Building keeps the whole beam: its links stay.
constexpr bool kMayStop = std::is_same<${parameter}, ${callers.links}>::value;
`,
    condition: 'kMayStop && ',
    edits: declaration,
  };
}

/** Declares a class of the same namespace before the class of the search; no edit where the file defines it. */
function forwardDeclaration(
  source: RewriteSource,
  site: RoleSite,
  name: string,
): readonly Edit[] | undefined {
  const owner = enclosing(site.node, ['class_specifier', 'struct_specifier']);
  if (!owner) return undefined;
  const space = namespacesOf(owner);
  for (const [file, text] of source.files) {
    const tree = source.syntax.parse(text);
    try {
      const definition = descendants(
        tree.rootNode,
        (node) =>
          (node.type === 'class_specifier' || node.type === 'struct_specifier') &&
          node.childForFieldName('name')?.text === name &&
          node.childForFieldName('body') !== null,
      )[0];
      if (!definition || definition.parent?.type === 'template_declaration') continue;
      if (namespacesOf(definition) !== space) return undefined;
      if (file === site.file) return [];
      const keyword = definition.type === 'class_specifier' ? 'class' : 'struct';
      return [
        insertBefore(
          site.text,
          withComments(owner),
          `${keyword} ${name};  // the links that queries search\n`,
        ),
      ];
    } finally {
      tree.delete();
    }
  }
  return undefined;
}

/** The namespaces around a class, outermost last; classes count, as a name inside one is another name. */
function namespacesOf(node: Node): string {
  const names: string[] = [];
  const around = ['namespace_definition', 'class_specifier', 'struct_specifier'];
  for (let above = enclosing(node, around); above; above = enclosing(above, around)) {
    names.push(above.childForFieldName('name')?.text ?? '');
  }
  return names.join(' ');
}

/** The first of the comments right above a definition, or the definition. */
function withComments(node: Node): Node {
  let first = node;
  for (
    let above = first.previousNamedSibling;
    above?.type === 'comment' && above.endPosition.row + 1 === first.startPosition.row;
    above = first.previousNamedSibling
  ) {
    first = above;
  }
  return first;
}

/** A search over two `priority_queue`s of (distance, id) pairs, as hnswlib's. */
interface HeapSearch {
  readonly loop: Node;
  /** The statement that takes the nearest waiting node. */
  readonly pop: Node;
  /** The block in which a newcomer is kept. */
  readonly kept: Node;
  readonly distance: string;
  readonly distanceType: string;
  /** The variable that holds the worst distance found. */
  readonly worst: string;
  /** `found.size() >= ef` */
  readonly full: string;
  readonly ef: string;
  /** A parameter that may hold the caller's own condition for the end. */
  readonly stopCondition: string | undefined;
}

function findHeapSearch(search: Node): HeapSearch | undefined {
  const body = search.childForFieldName('body');
  const loop = body?.namedChildren.find(({ type }) => type === 'while_statement');
  const frontier = /^\(!\s*(\w+)\.empty\(\)\)$/.exec(loop?.childForFieldName('condition')?.text ?? '')?.[1];
  if (!loop || frontier === undefined) return undefined;
  const pop = loop.childForFieldName('body')?.namedChildren.find(({ text }) => text === `${frontier}.pop();`);
  const push = callsIn(loop).find(
    ({ object, name, arguments: [first] }) =>
      object === frontier && /^(emplace|push)$/.test(name) && first?.type === 'unary_expression',
  );
  const kept = push && enclosing(push.node, ['compound_statement']);
  const distance = push?.arguments[0]?.childForFieldName('argument')?.text;
  const [, worst, found] = /\b(\w+) = (\w+)\.top\(\)\.first;/.exec(loop.text) ?? [];
  const ef = new RegExp(`\\b${found}\\.size\\(\\) [<>]=? (\\w+)\\b`).exec(loop.text)?.[1];
  const declaration = descendants(
    loop,
    (node) =>
      node.type === 'declaration' &&
      node.childForFieldName('declarator')?.childForFieldName('declarator')?.text === distance,
  )[0];
  const distanceType = declaration?.childForFieldName('type')?.text;
  const stopCondition = search.text.match(/\*\s*(\w*stop\w*)/i)?.[1];
  if (!pop || kept?.parent?.type !== 'if_statement' || !distance || !worst || !ef || !distanceType)
    return undefined;
  const full = `${found}.size() >= ${ef}`;
  return { loop, pop, kept, distance, distanceType, worst, full, ef, stopCondition };
}

function overHeaps(site: RoleSite, found: HeapSearch, callers: BeamCallers, patience: number): SiteEdits {
  if (callers.kind !== 'queries') return declined('building the graph runs this search too');
  if (site.text.includes('kPatiencePercent')) return declined('the search ends early already');
  const { loop, pop, kept, distance, distanceType, worst, full, ef, stopCondition } = found;
  const includes = addSystemIncludes(site.root, site.text, ['algorithm', 'cstddef', 'limits']);
  const first = kept.namedChildren[0];
  if (!includes || !first) return declined(`${site.file} has no place for its #include lines`);
  const own = stopCondition === undefined ? '' : `!${stopCondition} && `;
  const before = `${converged}
${constants(patience)}
${patienceOf(ef)}
${distanceType} best = std::numeric_limits<${distanceType}>::max();`;
  return {
    kind: 'edits',
    edits: [
      ...includes,
      insertBefore(site.text, loop, before),
      insertBefore(site.text, pop, `if (${own}stale >= patience && ${full}) break;\n++stale;`),
      insertBefore(site.text, first, nearTest(distance, worst)),
    ],
    note: note(patience),
  };
}

function note(patience: number): string {
  return `ends a search after ${patience} % of ef expansions without a newcomer near the best`;
}

/** The consequence of an `if` as a block with `code` before what it did. */
function guarded(text: string, test: Node, consequence: Node, code: string): string {
  const margin = indentAt(text, test.startIndex);
  const statements = consequence.type === 'compound_statement' ? consequence.namedChildren : [consequence];
  const inner = (block: string): string => reindent(block, `${margin}  `);
  const lines = [inner(code), ...statements.map((node) => inner(blockText(text, node).trimStart()))];
  return `{\n${lines.join('\n')}\n${margin}}`;
}
