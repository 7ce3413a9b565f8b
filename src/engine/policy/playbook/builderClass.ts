import type { Node } from 'web-tree-sitter';
import { type CppClass, type Method, method, readClass } from './cppClass.ts';
import { functionName } from './cppFunction.ts';
import { callsIn, declaredName, descendants, enclosing, readCall } from './cppNodes.ts';
import { declined, type RoleSite } from './editRole.ts';

/** The class that builds the graph, taken apart by what its methods call. */
export interface BuilderClass {
  readonly kind: 'builder';
  readonly type: CppClass;
  /** `Insert(id, search)`: links one node. */
  readonly insert: Method;
  /** `search.Run(links, level, entry, distance, ef)` of `insert`. */
  readonly beam: Beam;
  /** `const Distance distance(vectors, metric, vectors.row(id));` of `insert`. */
  readonly distance: InsertionDistance;
}

export interface Beam {
  /** The statement that the search stands in. */
  readonly statement: Node;
  readonly links: string;
  readonly level: string;
  readonly entry: string;
  readonly ef: Node;
}

export interface InsertionDistance {
  readonly type: string;
  readonly name: string;
  readonly vectors: string;
  readonly metric: string;
  /** The vectors' method that gives the address of a row. */
  readonly row: string;
}

/** Finds the class around the neighbour selection's callers; a reason to decline where it has another shape. */
export function readBuilder({ root, node }: RoleSite): BuilderClass | ReturnType<typeof declined> {
  const selection = functionName(node);
  const classes = descendants(root, ({ type }) => type === 'class_specifier').flatMap(
    (found) => readClass(found) ?? [],
  );
  const type = classes.find((candidate) => callsIn(candidate.body).some(({ name }) => name === selection));
  if (!type || selection === undefined)
    return declined('no class of this file calls the neighbour selection');
  const insert = method(type, 'insert');
  if (insert?.parameters.length !== 2) return declined(`\`${type.name}\` has no method Insert(id, search)`);
  const beam = beamOf(insert);
  if (!beam) {
    return declined(
      `\`${insert.name}\` has no single statement with \`search.Run(links, level, entry, distance, ef)\``,
    );
  }
  const distance = distanceOf(insert, beam.distance);
  if (!distance) {
    return declined(
      `\`${beam.distance}\` is not declared as \`Distance ${beam.distance}(vectors, metric, vectors.row(id))\``,
    );
  }
  return { kind: 'builder', type, insert, beam, distance };
}

function beamOf({
  body,
  parameters: [, search],
}: Method): (Beam & { readonly distance: string }) | undefined {
  const calls = callsIn(body).filter((call) => call.object === search?.name && call.arguments.length === 5);
  const [call] = calls;
  const [links, level, entry, distance, ef] = call?.arguments ?? [];
  const statement = call && enclosing(call.node, ['declaration', 'expression_statement']);
  if (!statement || !links || !level || !entry || !distance || !ef || calls.length > 1) return undefined;
  return {
    statement,
    links: links.text,
    level: level.text,
    entry: entry.text,
    distance: distance.text,
    ef,
  };
}

function distanceOf({ body, parameters: [id] }: Method, name: string): InsertionDistance | undefined {
  const declaration = descendants(body, ({ type }) => type === 'declaration').find((node) => {
    const declarator = node.childForFieldName('declarator');
    return declarator !== null && declaredName(declarator) === name;
  });
  const type = declaration?.childForFieldName('type')?.text;
  const list = declaration?.childForFieldName('declarator')?.childForFieldName('value');
  const [vectors, metric, own, ...more] = list?.type === 'argument_list' ? list.namedChildren : [];
  const row = own && readCall(own);
  if (!type || !vectors || !metric || row?.object !== vectors.text || more.length > 0) return undefined;
  if (row.arguments.length !== 1 || row.arguments[0]?.text !== id?.name) return undefined;
  return { type, name, vectors: vectors.text, metric: metric.text, row: row.name };
}
