import type { Node } from 'web-tree-sitter';
import { type CppClass, type Method, method, readClass } from './cppClass.ts';
import { callsIn, declaredName, descendants, enclosing } from './cppNodes.ts';
import type { RoleSite } from './editRole.ts';

/** The loop that gives the found nodes their exact distances, taken apart. */
export interface RerankLoop {
  readonly type: CppClass;
  readonly method: Method;
  readonly loop: Node;
  readonly body: Node;
  /** The nodes found, e.g. `found`. */
  readonly found: string;
  /** One of them, e.g. `node`, and its type without a reference. */
  readonly node: string;
  readonly nodeType: string;
  /** The position in `found`, where the loop counts. */
  readonly index: string | undefined;
  /** The exact distance's name and what it is called with, e.g. `exact` and `node.id`. */
  readonly distance: string;
  readonly id: string;
  readonly idField: string;
}

/** Finds it in the method Rerank() beside the entry point; a reason where there is none. */
export function findRerankLoop({ node: entryPoint }: RoleSite): RerankLoop | string {
  const owner = enclosing(entryPoint, ['class_specifier', 'struct_specifier']);
  const type = owner && readClass(owner);
  const rerank = type && method(type, 'rerank');
  if (!type || !rerank) return 'the class of the entry point has no method Rerank(query, k, found)';
  const loops = descendants(rerank.body, (node) =>
    ['for_range_loop', 'for_statement'].includes(node.type),
  ).flatMap((loop) => readLoop(loop) ?? []);
  const [loop] = loops;
  if (!loop || loops.length > 1) {
    return '`Rerank` has no single loop over what was found that computes `node.distance = exact(node.id)`';
  }
  return { type, method: rerank, ...loop };
}

function readLoop(loop: Node): Omit<RerankLoop, 'type' | 'method'> | undefined {
  const body = loop.childForFieldName('body');
  if (!body) return undefined;
  const element = loop.type === 'for_range_loop' ? rangeElement(loop) : indexedElement(body);
  if (!element) return undefined;
  const fields = new RegExp(`^${element.node}(\\.|->)(\\w+)$`);
  const call = callsIn(body).find(
    ({ object, arguments: list }) =>
      object === undefined && list.length === 1 && fields.test(list[0]?.text ?? ''),
  );
  const id = call?.arguments[0]?.text;
  const idField = id && fields.exec(id)?.[2];
  if (!call || !id || !idField) return undefined;
  return { loop, body, ...element, distance: call.callee, id, idField };
}

type Element = Pick<RerankLoop, 'found' | 'node' | 'nodeType' | 'index'>;

/** `for (Node& node : found)` */
function rangeElement(loop: Node): Element | undefined {
  const declarator = loop.childForFieldName('declarator');
  const node = declarator ? declaredName(declarator) : undefined;
  const found = loop.childForFieldName('right')?.text;
  const nodeType = loop.childForFieldName('type')?.text;
  return node && found && nodeType ? { found, node, nodeType, index: undefined } : undefined;
}

/** `for (...) { Node node = found[i]; ... }` */
function indexedElement(body: Node): Element | undefined {
  const declaration = body.namedChildren.find(({ type }) => type === 'declaration');
  const declarator = declaration?.childForFieldName('declarator');
  const node = declarator ? declaredName(declarator) : undefined;
  const [, found, index] = /^(\w+)\[(\w+)\]$/.exec(declarator?.childForFieldName('value')?.text ?? '') ?? [];
  const nodeType = declaration?.childForFieldName('type')?.text;
  return node && found && index && nodeType ? { found, node, nodeType, index } : undefined;
}
