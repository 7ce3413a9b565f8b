import type { Node } from 'web-tree-sitter';
import { type Edit, indentUnit, insertAfter, insertBefore, replaceNode, withIndentUnit } from '../cppEdit.ts';
import { functionName } from '../cppFunction.ts';
import { descendants } from '../cppNodes.ts';
import { declined, editRole, isSearchRegion, type RoleSite, type SiteEdits } from '../editRole.ts';
import type { Rewrite, RewriteSource } from '../rewrite.ts';

/** Gives vector loops of the distance's file several sums in the place of one that each addition waits for. */
export const independentSums: Rewrite = {
  id: 'independent-sums',
  module: 'search',
  title: 'Independent sums in the distance',
  cause: 'An addition takes four cycles and waits for the one before it; with several sums they overlap.',
  parameters: [{ name: 'sums', values: [2, 4], meaning: 'vector registers that a distance is summed in' }],
  conflictsWith: [],
  apply: (source, values) =>
    editRole(source, 'distance', (site) => splitSums(site, source, values['sums'] ?? 4)),
};

const remark = '// An addition need not wait for the one before it: each goes to a sum of its own.';

function splitSums(site: RoleSite, source: RewriteSource, sums: number): SiteEdits {
  if (site.text.includes(remark)) return declined('distances are summed in several registers already');
  const loops = descendants(site.root, ({ type }) => type === 'function_definition')
    .filter((definition) => isSearchRegion(source, site.file, functionName(definition)))
    .flatMap((definition) => findSumLoop(definition) ?? []);
  if (loops.length === 0) {
    return declined(
      'no loop such as `while (a < end) { ...; sum = add(sum, ...); }` over vector registers in the distance',
    );
  }
  const names = loops.map(({ name }) => `\`${name}\``).join(', ');
  return {
    kind: 'edits',
    edits: loops.flatMap((loop) => split(site, loop, sums)),
    note: `up to ${sums} sums in each of ${names}`,
  };
}

/** `__m512 sum = ...; while (a < end) { ...; a += 16; ...; sum = add(sum, term); }`, perhaps unrolled already */
interface SumLoop {
  /** Of the function. */
  readonly name: string;
  readonly loop: Node;
  readonly body: readonly Node[];
  /** The statements of the body that add. */
  readonly additions: readonly Node[];
  readonly position: string;
  readonly end: string;
  /** Values that the loop's position moves on by. */
  readonly step: number;
  readonly sum: string;
  readonly vector: string;
  readonly add: string;
}

function findSumLoop(definition: Node): SumLoop | undefined {
  const statements = definition.childForFieldName('body')?.namedChildren ?? [];
  const loops = statements.filter(({ type }) => type === 'while_statement');
  const [loop] = loops;
  if (!loop || loops.length > 1) return undefined;
  const [, position, end] = /^\((\w+) < (\w+)\)$/.exec(loop.childForFieldName('condition')?.text ?? '') ?? [];
  const body = loop.childForFieldName('body')?.namedChildren.filter(({ type }) => type !== 'comment') ?? [];
  if (!position || !end || body.some(({ type }) => type !== 'expression_statement')) return undefined;
  const steps = body.flatMap(({ text }) => new RegExp(`^${position} \\+= (\\d+);$`).exec(text)?.[1] ?? []);
  const additions = body.filter(({ text }) => addition.test(text));
  const [, sum, add] = addition.exec(additions[0]?.text ?? '') ?? [];
  if (!sum || !add || additions.some(({ text }) => !text.startsWith(`${sum} = ${add}(${sum}, `)))
    return undefined;
  const vector = statements
    .map(({ text }) => new RegExp(`^(__m\\d+) ${sum} = `).exec(text)?.[1])
    .find((type) => type !== undefined);
  const name = functionName(definition);
  if (!vector || !name || steps.length !== additions.length) return undefined;
  const step = steps.reduce((total, one) => total + Number(one), 0);
  return { name, loop, body, additions, position, end, step, sum, vector, add };
}

const addition = /^(\w+) = (_mm\d*_add_ps)\(\1, /;

function split({ text }: RoleSite, parts: SumLoop, count: number): readonly Edit[] {
  const { loop, additions, sum, vector, add } = parts;
  // A loop that is unrolled already has use for as many sums as it has additions.
  const sums = additions.length === 1 ? count : Math.min(count, additions.length);
  const names = Array.from({ length: sums }, (_, i) => (i === 0 ? sum : `${sum}${i + 1}`));
  const others = names.slice(1);
  const declaration = `${remark}\n${vector} ${others.map((name) => `${name} = ${sum}`).join(', ')};`;
  const total = `${sum} = ${others.reduce((left, name) => `${add}(${left}, ${name})`, sum)};`;
  const unrolled = additions.length === 1 ? `\n${unrolledLoop(text, parts, names)}` : '';
  const inPlace =
    additions.length === 1 ? [] : additions.map((node, i) => renamed(node, sum, names[i % sums] ?? sum));
  return [insertBefore(text, loop, `${declaration}${unrolled}`), ...inPlace, insertAfter(text, loop, total)];
}

function renamed(node: Node, sum: string, name: string): Edit {
  return replaceNode(node, withName(node.text, sum, name));
}

function withName(code: string, sum: string, name: string): string {
  return code.replaceAll(new RegExp(`\\b${sum}\\b`, 'g'), name);
}

/** A loop over several sums before the given one, which is left with the rest. */
function unrolledLoop(text: string, parts: SumLoop, names: readonly string[]): string {
  const { loop, body, position, end, step, sum } = parts;
  const work = names.map((name) => body.map((node) => `  ${withName(node.text, sum, name)}`).join('\n'));
  const code = `while (${end} - ${position} >= ${names.length * step}) {\n${work.join('\n')}\n}`;
  return withIndentUnit(code, indentUnit(text, loop));
}
