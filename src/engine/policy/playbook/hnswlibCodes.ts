import type { Node } from 'web-tree-sitter';
import type { SymbolRef } from '../../../protocol/module.ts';
import { type CppClass, type Method, method, readClass } from './cppClass.ts';
import { applyEdits, type Edit, insertAfter, insertBefore } from './cppEdit.ts';
import { parametersOf } from './cppFunction.ts';
import { addConditionalIncludes, addSystemIncludes } from './cppIncludes.ts';
import { callsIn, declaredName, descendants, enclosing } from './cppNodes.ts';
import { declined, editRole, type RoleSite, type SiteEdits } from './editRole.ts';
import { prefetchGuard } from './prefetchCode.ts';
import type { RewriteResult, RewriteSource } from './rewrite.ts';
import { hnswlibCodes } from './templates/hnswlibCodes.ts';
import {
  type CodeFormat,
  codeHeaders,
  codeRowBytes,
  codesNote,
  simdIncludes,
} from './templates/scalarCodes.ts';

/**
 * As `compareCodes`, for hnswlib, one class of which holds all stages: it gets codes of all elements and a search over
 * them, and the adapter has them made in `annsmith_prepare`. Undefined where the entry point is not hnswlib's.
 */
export function compareCodesInHnswlib(
  source: RewriteSource,
  format: CodeFormat,
  rerank: number,
): RewriteResult | undefined {
  const { manifest, facts } = source;
  const entryPoint = manifest.roles.entryPoint;
  if (!entryPoint || !/::searchKnn$/.test(entryPoint.symbol)) return undefined;
  const bytes = codeRowBytes(format, facts.dim);
  if (2 * bytes > facts.dim * Float32Array.BYTES_PER_ELEMENT) {
    return declined(
      `vectors of ${facts.dim} values are short: codes fill ${bytes} bytes, more than half of what the values do`,
    );
  }
  const lacking = neededRegions(entryPoint, manifest.build.adapter).find(
    (needed) =>
      !manifest.modules.refinement?.regions.some(
        ({ file, symbol }) => file === needed.file && symbol === needed.symbol,
      ),
  );
  if (lacking) {
    return declined(
      `the refinement module has no region \`${lacking.symbol}\` in ${lacking.file}, which codes need; \`annsmith init\` gives it one`,
    );
  }
  const header = editRole(source, 'entryPoint', (site) => rewriteHeader(source, site, format, rerank));
  return header.kind === 'declined'
    ? header
    : rewriteAdapter({ ...source, files: header.files }, header.note);
}

function neededRegions({ file, symbol }: SymbolRef, adapter: string): readonly SymbolRef[] {
  const member = (name: string): SymbolRef => ({ file, symbol: symbol.replace('searchKnn', name) });
  const exported = ['annsmith_prepare', 'annsmith_memory'].map((name) => ({ file: adapter, symbol: name }));
  return [member('clear'), member('updatePoint'), ...exported];
}

/** What the new code uses of the class. */
const usedMembers = [
  ...['cur_element_count', 'num_deleted_', 'enterpoint_node_', 'maxlevel_', 'maxM0_', 'ef_', 'data_size_'],
  ...[
    'fstdistfunc_',
    'dist_func_param_',
    'visited_list_pool_',
    'metric_hops',
    'metric_distance_computations',
  ],
  ...['getDataByInternalId', 'getExternalLabel', 'get_linklist0', 'get_linklist', 'getListCount'],
];

function rewriteHeader(
  { files }: RewriteSource,
  site: RoleSite,
  format: CodeFormat,
  rerank: number,
): SiteEdits {
  const { text, root, node, file } = site;
  const owner = enclosing(node, ['class_specifier', 'struct_specifier']);
  const type = owner && readClass(owner);
  if (!type) return declined('`searchKnn` is not a method of a class');
  if (text.includes('class ScalarCodes')) return declined('searches compare codes already');
  const absent = usedMembers.find((name) => !new RegExp(`\\b${name}\\b`).test(type.body.text));
  if (absent) return declined(`\`${type.name}\` has no member \`${absent}\``);
  const spaces = ['L2Space', 'InnerProductSpace'];
  const undefinedSpace = spaces.find(
    (space) => ![...files.values()].some((other) => other.includes(`class ${space} `)),
  );
  if (undefinedSpace) return declined(`no file defines \`${undefinedSpace}\`, whose vectors are floats`);
  const guard = prefetchGuard(root);
  if (!guard) return declined(`${file} prefetches nowhere between \`#ifdef\` and \`#endif\``);
  const calls = callsOfCodes(site, type);
  if (typeof calls === 'string') return declined(calls);
  const includes = addSystemIncludes(root, text, codeHeaders(format));
  const simd = addConditionalIncludes(root, text, simdIncludes);
  if (!includes || !simd) return declined(`${file} has no place for its #include lines`);
  return {
    kind: 'edits',
    edits: [
      ...includes,
      ...simd,
      insertBefore(text, node, `${hnswlibCodes(type.name, guard, format, rerank)}\n\n`),
      ...calls,
    ],
    note: codesNote(format, rerank),
  };
}

/** Where the class turns to the codes, and where they become out of date; a reason where it has another shape. */
function callsOfCodes({ text, node }: RoleSite, type: CppClass): readonly Edit[] | string {
  const [query, k, filter] = parametersOf(node).map((parameter) => ({
    type: parameter.childForFieldName('type')?.text,
    name: declaredName(parameter.childForFieldName('declarator') ?? parameter),
  }));
  const empty = node
    .childForFieldName('body')
    ?.namedChildren.find(({ text: code }) => /^if \(cur_element_count == 0\) return \w+;$/.test(code));
  if (!query?.name || !k?.name || !filter?.name || filter.type !== 'BaseFilterFunctor' || !empty) {
    return '`searchKnn(query, k, filter)` does not begin with a return where there are no elements';
  }
  const written = statementOf(method(type, 'updatepoint'), /^memcpy\(getDataByInternalId\(\w+\), /);
  if (!written) return '`updatePoint` does not copy the new vector by `memcpy`';
  const cleared = statementOf(method(type, 'clear'), /^cur_element_count = 0;$/);
  if (!cleared) return '`clear` does not set `cur_element_count` to 0';
  return [
    insertAfter(text, cleared, 'coded_element_count_ = 0;'),
    insertAfter(text, written, 'coded_element_count_ = 0;'),
    insertAfter(
      text,
      empty,
      `if (coded_element_count_ == cur_element_count && !num_deleted_ && !${filter.name})
    return searchKnnByCodes(${query.name}, ${k.name});`,
    ),
  ];
}

function statementOf(found: Method | undefined, pattern: RegExp): Node | undefined {
  return found?.body.namedChildren.find(
    ({ type, text }) => type === 'expression_statement' && pattern.test(text),
  );
}

function rewriteAdapter(source: RewriteSource, note: string): RewriteResult {
  const file = source.manifest.build.adapter;
  const text = source.files.get(file);
  if (text === undefined) return declined(`${file}, the adapter, is not there`);
  const tree = source.syntax.parse(text);
  try {
    const [prepare] = source.syntax.find(tree, 'annsmith_prepare');
    const [memory] = source.syntax.find(tree, 'annsmith_memory');
    const [parameter] = prepare ? parametersOf(prepare) : [];
    const index = parameter && declaredName(parameter.childForFieldName('declarator') ?? parameter);
    const [, space] = /SpaceInterface<float>> (\w+);/.exec(text) ?? [];
    const [, graph] = /unique_ptr<Graph> (\w+);/.exec(text) ?? [];
    const guarded = prepare && callsIn(prepare).some(({ name }) => name === 'Guarded');
    const prepared = guarded && lastReturn(prepare, /ANNSMITH_OK/);
    const counted = memory && lastReturn(memory, /^return bytes;$/);
    if (!index || !space || !graph || !prepared || !counted) {
      return declined(
        `${file} is not as \`annsmith init\` writes it: codes are made in annsmith_prepare() under Guarded(), from \`graph\` and \`space\`, and counted in annsmith_memory()`,
      );
    }
    const edits = [
      insertBefore(text, prepared, `${index}->${graph}->makeCodes(${index}->${space}.get());`),
      insertBefore(text, counted, `bytes += ${index}->${graph}->codes_.bytes();`),
    ];
    return { kind: 'edited', files: new Map(source.files).set(file, applyEdits(text, edits)), note };
  } finally {
    tree.delete();
  }
}

function lastReturn(definition: Node, pattern: RegExp): Node | undefined {
  const returns = descendants(definition, ({ type }) => type === 'return_statement');
  return returns.filter(({ text }) => pattern.test(text)).at(-1);
}
