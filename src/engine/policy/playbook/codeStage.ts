import type { Node } from 'web-tree-sitter';
import { replaceBody } from './classBodies.ts';
import { type CppClass, type Method, method, readClass } from './cppClass.ts';
import { type Edit, indentAt, lineEnd, lineStart, reindent, replaceNode } from './cppEdit.ts';
import { addConditionalIncludes, addSystemIncludes } from './cppIncludes.ts';
import { callsIn, descendants, enclosing } from './cppNodes.ts';
import { declined, editRole, type RoleSite, type SiteEdits, withRole } from './editRole.ts';
import type { RewriteResult, RewriteSource } from './rewrite.ts';
import {
  type CodeFormat,
  codeHeaders,
  codesNote,
  scalarCodes,
  simdIncludes,
} from './templates/scalarCodes.ts';

/** Makes the stages around the beam search compare codes, and rank `rerank` nodes per result by exact distance. */
export function compareCodesInStages(
  source: RewriteSource,
  format: CodeFormat,
  rerank: number,
): RewriteResult {
  const metrics = readMetrics(source);
  if (metrics.kind === 'declined') return metrics;
  return editRole(source, 'entryPoint', (site) => rewriteStage(site, metrics, format, rerank));
}

interface Metrics {
  readonly kind: 'metrics';
  /** How the code tests `metric` for the inner product, which is ordered otherwise than by distance. */
  readonly isInnerProduct: (metric: string) => string;
}

/** How the code spells its metrics: the enumerators of the one enum of the distance's file that has a Euclidean one. */
function readMetrics(source: RewriteSource) {
  return withRole(source, 'distance', (site): Metrics | ReturnType<typeof declined> => {
    const enums = descendants(site.root, ({ type }) => type === 'enum_specifier').flatMap((node) => {
      const name = node.childForFieldName('name')?.text;
      const entries = descendants(node, ({ type }) => type === 'enumerator').map(
        (enumerator) => enumerator.childForFieldName('name')?.text ?? '',
      );
      const [euclidean, innerProduct] = [/euclid|l2/i, /inner|dot|ip$/i].map((spelling) =>
        entries.find((text) => spelling.test(text)),
      );
      return name && euclidean ? [{ name, euclidean, innerProduct }] : [];
    });
    const [found] = enums;
    if (!found || enums.length > 1) {
      return declined('the file of the distance has no enum that tells the Euclidean metric from the others');
    }
    const { name, euclidean, innerProduct } = found;
    return {
      kind: 'metrics',
      isInnerProduct: (metric) =>
        innerProduct ? `${metric} == ${name}::${innerProduct}` : `${metric} != ${name}::${euclidean}`,
    };
  });
}

interface Stage {
  readonly type: CppClass;
  readonly prepare: Method;
  readonly preliminary: Method;
  readonly rerankCount: Method;
  readonly bytes: Method;
  /** Names in use for the stored vectors and the metric, and the vectors' type. */
  readonly vectors: string;
  readonly metric: string;
  readonly vectorsType: string;
}

function readStage({ node }: RoleSite): Stage | string {
  const owner = enclosing(node, ['class_specifier', 'struct_specifier']);
  const type = owner && readClass(owner);
  if (!type?.privateLabel)
    return 'the entry point is not a method of a class with a `private:` part at its end';
  const [prepare, preliminary, rerankCount, bytes] = ['prepare', 'preliminary', 'rerankcount', 'bytes'].map(
    (name) => method(type, name),
  );
  if (!prepare || !preliminary || !rerankCount || !bytes) {
    return `\`${type.name}\` lacks one of the methods Prepare(), Preliminary(query), RerankCount(k), bytes()`;
  }
  const made = callsIn(preliminary.body)[0]?.arguments.map(({ text }) => text) ?? [];
  const [vectors, metric, query] = made;
  if (!vectors || !metric || query !== preliminary.parameters[0]?.name) {
    return '`Preliminary(query)` does not make its distance from (vectors, metric, query)';
  }
  const vectorsType = fieldType(type, vectors);
  if (vectorsType === undefined) return `the field \`${vectors}\` was not found`;
  return { type, prepare, preliminary, rerankCount, bytes, vectors, metric, vectorsType };
}

function fieldType({ body }: CppClass, name: string): string | undefined {
  const field = body.namedChildren.find(
    (child) => child.type === 'field_declaration' && new RegExp(`\\b${name}\\b`).test(child.text),
  );
  return field?.childForFieldName('type')?.text;
}

const codeDistance = 'ScalarCodes::Distance';
function rewriteStage(site: RoleSite, metrics: Metrics, format: CodeFormat, rerank: number): SiteEdits {
  if (site.text.includes('class ScalarCodes')) return declined('the beam search compares codes already');
  const stage = readStage(site);
  if (typeof stage === 'string') return declined(stage);
  const includes = addSystemIncludes(site.root, site.text, codeHeaders(format));
  const simd = addConditionalIncludes(site.root, site.text, simdIncludes);
  if (!includes || !simd) return declined(`${site.file} has no place for its #include lines`);
  const { type, prepare, preliminary, rerankCount, bytes, vectors, metric, vectorsType } = stage;
  const [query] = preliminary.parameters.map(({ name }) => name);
  const [k] = rerankCount.parameters.map(({ name }) => name);
  const edits: readonly Edit[] = [
    ...includes,
    ...simd,
    insertFirst(
      site,
      type,
      scalarCodes({ vectors: vectorsType, buffer: 'AlignedBuffer<std::uint8_t>', cpp17: true }, format),
    ),
    replaceBody(site.text, prepare, `codes_ = ScalarCodes(${vectors}, ${metrics.isInnerProduct(metric)});`),
    ...replaceReturnType(preliminary.node),
    replaceBody(site.text, preliminary, `return ${codeDistance}(codes_, ${query});`, codeDistance.length),
    ...descentEdits(site.node, preliminary.node),
    ...rerankEdits(site, rerankCount, k ?? 'k', rerank),
    replaceBody(site.text, bytes, 'return codes_.bytes();'),
    appendField(site, type, 'ScalarCodes codes_;'),
  ];
  return { kind: 'edits', edits, note: codesNote(format, rerank) };
}

function insertFirst({ text }: RoleSite, { body, node }: CppClass, code: string): Edit {
  const at = lineEnd(text, body.startIndex);
  return { start: at, end: at, text: `${reindent(code, `${indentAt(text, node.startIndex)}  `)}\n\n` };
}

function replaceReturnType(node: Node): readonly Edit[] {
  const old = node.childForFieldName('type');
  return old ? [replaceNode(old, codeDistance)] : [];
}

/** The descent compares codes too, where it makes a distance of the type that the beam search compared by. */
function descentEdits(descent: Node, preliminary: Node): readonly Edit[] {
  const exact = preliminary.childForFieldName('type')?.text;
  const made = descendants(
    descent,
    (node) => node.type === 'declaration' && node.childForFieldName('type')?.text === exact,
  );
  return made.flatMap((declaration) => {
    const type = declaration.childForFieldName('type');
    const declarator = declaration.childForFieldName('declarator');
    // `T name(a, b, c)` reads as a variable or as a function prototype; the text is the same.
    const [, name, query] = /^(\w+)\s*[({].*\b(\w+)[)}]$/s.exec(declarator?.text ?? '') ?? [];
    if (!type || !declarator || !name || !query) return [];
    return [replaceNode(type, codeDistance), replaceNode(declarator, `${name}(codes_, ${query})`)];
  });
}

function rerankEdits({ text }: RoleSite, count: Method, k: string, rerank: number): readonly Edit[] {
  if (rerank === 1) return [];
  const code = `// Codes confuse near ties: among this many nodes per result the nearest are found again.
constexpr std::size_t kRerankPerResult = ${rerank};
return kRerankPerResult * ${k};`;
  return [replaceBody(text, count, code)];
}

function appendField({ text }: RoleSite, { body, node }: CppClass, field: string): Edit {
  const at = lineStart(text, body.endIndex - 1);
  return { start: at, end: at, text: `${indentAt(text, node.startIndex)}  ${field}\n` };
}
