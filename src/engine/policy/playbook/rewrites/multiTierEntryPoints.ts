import type { Node } from 'web-tree-sitter';
import { method, readClass } from '../cppClass.ts';
import { type Edit, indentAt, reindent, withTrailingComments } from '../cppEdit.ts';
import { functionName } from '../cppFunction.ts';
import { addSystemIncludes } from '../cppIncludes.ts';
import {
  type Call,
  callsIn,
  declaredName,
  declares,
  descendants,
  readCall,
  unwrapTemplate,
} from '../cppNodes.ts';
import { declined, editRole, type RoleSite, type SiteEdits, withRole } from '../editRole.ts';
import type { Rewrite, RewriteSource } from '../rewrite.ts';
import { fieldsOf } from '../structFields.ts';

/** The descent enters each level from the nearest nodes of the level above, and compares no node twice. */
export const multiTierEntryPoints: Rewrite = {
  id: 'multi-tier-entry-points',
  module: 'search',
  title: 'Several entry candidates per level, compared once',
  cause:
    'A quarter of what the descent compares it has compared before; several candidates leave fewer dead ends.',
  parameters: [
    {
      name: 'width',
      values: [1, 2, 4],
      meaning: 'nodes of a level from which the next one is entered',
    },
  ],
  conflictsWith: [],
  apply(source, values) {
    const pool = poolNames(source);
    if (pool.kind === 'declined') return pool;
    return editRole(source, 'entryPoint', (site) => rewriteDescent(site, pool, values.width ?? 1));
  },
};

interface PoolNames {
  readonly kind: 'pool';
  readonly file: string;
  readonly type: string;
  readonly node: string;
  readonly id: string;
  readonly distanceType: string;
  readonly reset: string;
  readonly push: string;
  readonly pop: string;
  readonly worst: string;
  readonly hasNext: string;
  readonly sorted: string;
}

/** How the beam search's pool is called, whose interface a narrow beam over an upper level needs too. */
function poolNames(source: RewriteSource): PoolNames | ReturnType<typeof declined> {
  return withRole(
    source,
    'candidatePool',
    ({ node, file, root }): PoolNames | ReturnType<typeof declined> => {
      const type = readClass(unwrapTemplate(node));
      const named = (name: string): string | undefined => type && method(type, name)?.name;
      const [reset, push, pop, worst] = [named('reset'), named('push'), named('pop'), named('worst')];
      const [hasNext, sorted] = [named('hasnext'), named('sorted')];
      if (!type || !reset || !push || !pop || !worst || !hasNext || !sorted) {
        return declined('the candidate pool lacks one of reset, push, pop, worst, hasNext and sorted');
      }
      const element =
        method(type, 'push')
          ?.parameters[0]?.type.replaceAll(/\bconst\b|&/g, '')
          .trim() ?? '';
      const fields = fieldsOf(root, element);
      const [distance, id] = fields;
      if (!distance?.name || !id?.name || fields.length !== 2 || !/^(float|double)$/.test(distance.type)) {
        return declined(`\`${element}\` is not a distance followed by an id`);
      }
      const names = { reset, push, pop, worst, hasNext, sorted };
      return {
        kind: 'pool',
        file,
        type: type.name,
        node: element,
        id: id.name,
        distanceType: distance.type,
        ...names,
      };
    },
  );
}

/** The descent taken apart: `T entry = start; for (level...) entry = step(links, level, entry, distance); return entry;` */
interface Descent {
  readonly start: Node;
  readonly startValue: string;
  readonly loop: Node;
  readonly header: string;
  readonly last: Node;
  readonly entry: string;
  readonly idType: string;
  readonly level: string;
  readonly links: string;
  readonly distance: string;
  /** Name of the function that steps through one level. */
  readonly step: string;
}

function rewriteDescent(site: RoleSite, pool: PoolNames, width: number): SiteEdits {
  const descent = readDescent(unwrapTemplate(site.node));
  if (!descent) {
    return declined(
      'the descent is not of the form `entry = start; for (level) entry = step(links, level, entry, distance); return entry;`',
    );
  }
  if (!sees(site, pool.file)) return declined(`${site.file} does not include ${pool.file}, the pool's file`);
  const neighbours = neighboursMethod(site.root, descent.step);
  if (neighbours === undefined) {
    return declined(`\`${descent.step}\` has no loop such as \`for (id : links.neighbours(node, level))\``);
  }
  const includes = addSystemIncludes(site.root, site.text, ['array', 'cstddef', 'vector']);
  if (!includes) return declined(`${site.file} has no place for its #include lines`);
  const margin = indentAt(site.text, descent.start.startIndex);
  const code = reindent(descentCode(descent, pool, neighbours, width), margin).slice(margin.length);
  const edit: Edit = { start: descent.start.startIndex, end: descent.last.endIndex, text: code };
  const nodes = width === 1 ? 'the nearest node' : `the ${width} nearest nodes`;
  return {
    kind: 'edits',
    edits: [...includes, edit],
    note: `each level is entered from ${nodes} of the level above; no node is compared twice`,
  };
}

function readDescent(definition: Node): Descent | undefined {
  const statements = definition.childForFieldName('body')?.namedChildren ?? [];
  const loop = statements.find(({ type }) => type === 'for_statement');
  const last = statements.at(-1);
  const level = declaredName(
    loop?.childForFieldName('initializer')?.childForFieldName('declarator') ?? definition,
  );
  const entry = last?.type === 'return_statement' ? last.namedChildren[0]?.text : undefined;
  const body = loop?.childForFieldName('body');
  const [statement, ...more] = body?.type === 'compound_statement' ? body.namedChildren : [];
  const assignment = statement?.namedChildren[0];
  const value = assignment?.type === 'assignment_expression' ? assignment.childForFieldName('right') : null;
  const step = value && readCall(value);
  if (!loop || !last || !body || level === undefined || entry === undefined || !step || more.length > 0)
    return undefined;
  const start = statements.find((node) => declares(node, entry));
  const startValue = start?.childForFieldName('declarator')?.childForFieldName('value')?.text;
  const idType = start?.childForFieldName('type')?.text;
  const names = step.arguments.map(({ text }) => text);
  const [links, distance] = names.filter((name) => name !== level && name !== entry);
  if (!start || startValue === undefined || idType === undefined || !links || !distance) return undefined;
  if (names.length !== 4 || !names.includes(level) || !names.includes(entry)) return undefined;
  // What stands in between is replaced as one piece.
  if (!start.nextNamedSibling?.equals(loop) || !loop.nextNamedSibling?.equals(last)) return undefined;
  const header = loop.text.slice(0, body.startIndex - loop.startIndex).trim();
  return { start, startValue, loop, header, last, entry, idType, level, links, distance, step: step.name };
}

function sees({ file, text }: RoleSite, other: string): boolean {
  const name = other.slice(other.lastIndexOf('/') + 1).replaceAll('.', '\\.');
  return file === other || new RegExp(`#include ["<]([^">]*/)?${name}[">]`).test(text);
}

/** `neighbours` of the loop `for (id : links.neighbours(node, level))` in a function of the file. */
function neighboursMethod(root: Node, step: string): string | undefined {
  const definition = descendants(root, ({ type }) => type === 'function_definition').find(
    (node) => functionName(node) === step,
  );
  const loop = definition && descendants(definition, ({ type }) => type === 'for_range_loop')[0];
  const list: Call | undefined =
    loop && callsIn(loop).find(({ object, arguments: given }) => object && given.length === 2);
  return list?.name;
}

function descentCode(descent: Descent, pool: PoolNames, neighbours: string, width: number): string {
  const { startValue, header, entry, idType, level, links, distance } = descent;
  const { type, node, id, distanceType, reset, push, pop, worst, hasNext, sorted } = pool;
  return `// Each level is entered from the nearest nodes of the one above. Levels share nodes and hops
// share neighbours: what was compared lately is not compared again.
${withTrailingComments([
  [`constexpr std::size_t kTierWidth = ${width};`, 'nodes'],
  ['constexpr std::size_t kRemembered = 512;', 'nodes, displaced by others of equal remainder'],
])}
const ${idType} ${entry} = ${startValue};
std::array<${idType}, kRemembered> compared;
compared.fill(${entry});
std::vector<${node}> tier{{${distance}(${entry}), ${entry}}};
${type} pool;
${header} {
  pool.${reset}(kTierWidth);
  for (const ${node}& node : tier) pool.${push}(node);
  while (pool.${hasNext}()) {
    for (const ${idType} id : ${links}.${neighbours}(pool.${pop}().${id}, ${level})) {
      ${idType}& remembered = compared[id % kRemembered];
      if (remembered == id) continue;
      remembered = id;
      const ${distanceType} d = ${distance}(id);
      if (d < pool.${worst}()) pool.${push}({d, id});
    }
  }
  tier = pool.${sorted}();
}
return tier.front().${id};`;
}
