import type { Node } from 'web-tree-sitter';
import { type Method, readClass } from '../cppClass.ts';
import { type Edit, indentAt, reindent, replaceNode } from '../cppEdit.ts';
import { functionName, parametersOf } from '../cppFunction.ts';
import { addSystemIncludes } from '../cppIncludes.ts';
import { type Call, callsIn, descendants, enclosing, unwrapTemplate } from '../cppNodes.ts';
import { declined, editRole, type RoleSite, type SiteEdits } from '../editRole.ts';
import { findNewcomerTest } from '../newcomerTest.ts';
import type { Rewrite } from '../rewrite.ts';

/** Gives up on a Euclidean distance as soon as its partial sum exceeds the worst distance of the pool. */
export const earlyExitDistance: Rewrite = {
  id: 'early-exit-distance',
  module: 'search',
  title: 'Distances that give up beyond the pool',
  cause: 'Most neighbours are too far, and two thirds of their values are enough to tell.',
  parameters: [
    {
      name: 'every',
      values: [128, 256],
      meaning: 'values between two looks at the bound',
    },
  ],
  conflictsWith: [],
  apply(source, values) {
    if (source.facts.metric !== 'euclidean') {
      return declined('terms of an inner product have either sign, so that a part of it bounds nothing');
    }
    const bounded = editRole(source, 'distance', (site) => boundedDistance(site, values.every ?? 128));
    if (bounded.kind === 'declined') return bounded;
    const files = { ...source, files: bounded.files };
    const called = editRole(files, 'neighbourLoop', boundedCall);
    return called.kind === 'declined' ? called : { ...called, note: bounded.note };
  },
};

const suffix = 'Within';

/** The distance's class gets a second call operator, with a bound, beside the first. */
function boundedDistance(site: RoleSite, every: number): SiteEdits {
  const type = readClass(unwrapTemplate(site.node));
  const calls = type?.methods.filter(({ name }) => name === 'operator()') ?? [];
  const [call] = calls;
  if (!type || !call) return declined('the distance is not a class that is called as `distance(id)`');
  if (calls.length > 1) return declined('the distance can be called in more than one way already');
  if (call.parameters.length !== 1) return declined('the distance is not called with an id alone');
  const squared = callsIn(call.body).find(
    ({ name, object, arguments: list }) => /euclid|l2/i.test(name) && !object && list.length === 3,
  );
  const kernel = squared && kernelOf(site, squared.name);
  if (!squared || !kernel) {
    return declined(
      `\`${type.name}\` computes no Euclidean distance by a function (a, b, values) of ${site.file}`,
    );
  }
  const condition = conditionOf(squared.node, call);
  if (condition === undefined) {
    return declined(`\`${type.name}\` does not tell the Euclidean metric by a \`switch\` or an \`if\``);
  }
  return {
    kind: 'edits',
    edits: [
      { start: kernel.end, end: kernel.end, text: `\n\n${withinCode(kernel, every)}` },
      {
        start: call.node.endIndex,
        end: call.node.endIndex,
        text: `\n\n${reindent(operatorCode(call, squared, condition), indentAt(site.text, call.node.startIndex))}`,
      },
    ],
    note: `Euclidean distances look at the pool's worst every ${every} values`,
  };
}

interface Kernel {
  readonly name: string;
  /** `inline float `, as written. */
  readonly head: string;
  readonly type: string;
  /** Declarations and names of both vectors and of the number of values. */
  readonly parameters: readonly { readonly declaration: string; readonly name: string }[];
  readonly end: number;
}

function kernelOf({ root }: RoleSite, name: string): Kernel | undefined {
  const node = descendants(root, ({ type }) => type === 'function_definition').find(
    (definition) => functionName(definition) === name,
  );
  const declarator = node?.childForFieldName('declarator');
  const type = node?.childForFieldName('type')?.text;
  const parameters = (node ? parametersOf(node) : []).map((parameter) => ({
    declaration: parameter.text,
    name: /(\w+)$/.exec(parameter.text)?.[1] ?? '',
  }));
  const [a, b, values] = parameters;
  const pointers = [a, b].every((parameter) => parameter?.declaration.includes('*'));
  if (!node || !declarator || type === undefined || !pointers || !values || parameters.length !== 3)
    return undefined;
  const head = node.text.slice(0, declarator.startIndex - node.startIndex);
  return { name, head, type, parameters, end: node.endIndex };
}

/** What holds where the Euclidean distance is computed: '' always, undefined where that cannot be read. */
function conditionOf(squared: Node, { node, body }: Method): string | undefined {
  const branch = enclosing(squared, ['case_statement', 'if_statement', 'function_definition']);
  if (branch?.type === 'case_statement') {
    const value = branch.childForFieldName('value')?.text;
    const over = enclosing(branch, ['switch_statement'])?.childForFieldName('condition')?.text;
    return value === undefined || over === undefined ? undefined : `${over.slice(1, -1)} == ${value}`;
  }
  if (branch?.type === 'if_statement') {
    const consequence = branch.childForFieldName('consequence');
    const holds = consequence && consequence.startIndex <= squared.startIndex;
    const inside = holds && squared.endIndex <= consequence.endIndex;
    return inside ? branch.childForFieldName('condition')?.text.slice(1, -1) : undefined;
  }
  return branch?.equals(node) && body.namedChildren.length === 1 ? '' : undefined;
}

function withinCode({ name, head, type, parameters }: Kernel, every: number): string {
  const [a, b, values] = parameters.map((parameter) => parameter.name);
  const declarations = [...parameters.map(({ declaration }) => declaration), `${type} bound`];
  const opening = `${head}${name}${suffix}(`;
  const oneLine = `${opening}${declarations.join(', ')}) {`;
  const signature =
    oneLine.length <= 100 ? oneLine : `${opening}${declarations.join(`,\n${' '.repeat(opening.length)}`)}) {`;
  return `/// As ${name}, or some value above \`bound\` as soon as the sum exceeds it.
${signature}
  constexpr std::size_t kCheckEvery = ${every};  // values
  ${type} sum = 0;
  std::size_t i = 0;
  for (; i + kCheckEvery < ${values}; i += kCheckEvery) {
    sum += ${name}(${a} + i, ${b} + i, kCheckEvery);
    if (sum > bound) return sum;
  }
  return sum + ${name}(${a} + i, ${b} + i, ${values} - i);
}`;
}

function operatorCode({ node, body, parameters }: Method, squared: Call, condition: string): string {
  const list = descendants(node, ({ type }) => type === 'parameter_list')[0]?.text ?? '';
  const type = node.childForFieldName('type')?.text ?? 'float';
  const head = node.text
    .slice(0, body.startIndex - node.startIndex)
    .replace(list, `${list.slice(0, -1)}, ${type} bound)`);
  const given = squared.arguments.map(({ text }) => text).join(', ');
  const within = `return ${squared.callee}${suffix}(${given}, bound);`;
  const code =
    condition === ''
      ? `  ${within}`
      : `  if (${condition}) {
    ${within}
  }
  return (*this)(${parameters[0]?.name});  // terms of either sign: no part is a bound`;
  return `/// The distance, or some value above \`bound\` as soon as it is sure to exceed that.\n${head}{\n${code}\n}`;
}

/** The beam search gives the pool's worst distance as the bound, where its distance takes one. */
function boundedCall(site: RoleSite): SiteEdits {
  const search = unwrapTemplate(site.node);
  const found = findNewcomerTest(search);
  if (!found) {
    return declined(
      'no test such as `if (d < pool.worst())` with `d = distance(id)` was found in the search',
    );
  }
  const { computed, distanceType, id, idType, loop, worst } = found;
  const type = parametersOf(search)
    .find((node) => new RegExp(`\\b${computed.callee}$`).test(node.text))
    ?.childForFieldName('type')?.text;
  if (type === undefined || computed.arguments.length !== 1) {
    return declined(
      `\`${computed.callee}\` is not a parameter of the search that is called with an id alone`,
    );
  }
  const includes = addSystemIncludes(site.root, site.text, ['type_traits']);
  if (!includes) return declined(`${site.file} has no place for its #include lines`);
  const code = `// Farther than the pool's worst is far enough to know: a distance that can give up there does.
const auto distance_within = [&](${distanceType} bound, ${idType} id) {
  if constexpr (std::is_invocable_v<const ${type}&, ${idType}, ${distanceType}>) {
    return ${computed.callee}(id, bound);
  } else {
    return ${computed.callee}(id);
  }
};`;
  const margin = indentAt(site.text, loop.startIndex);
  const before: Edit = {
    start: loop.startIndex,
    end: loop.startIndex,
    text: `${reindent(code, margin).slice(margin.length)}\n${margin}`,
  };
  return {
    kind: 'edits',
    edits: [...includes, before, replaceNode(computed.node, `distance_within(${worst}, ${id})`)],
    note: '',
  };
}
