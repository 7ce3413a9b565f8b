import type { Node } from 'web-tree-sitter';
import { descendants } from './cppNodes.ts';

export interface StructField {
  readonly type: string;
  /** Empty where the field has none. */
  readonly name: string;
}

/** The fields of the struct `name` below `root`, in order; none where there is no such struct. */
export function fieldsOf(root: Node, name: string): readonly StructField[] {
  const struct = descendants(
    root,
    (node) => node.type === 'struct_specifier' && node.childForFieldName('name')?.text === name,
  )[0];
  return (struct?.childForFieldName('body')?.namedChildren ?? [])
    .filter(({ type }) => type === 'field_declaration')
    .map((field) => ({
      type: field.childForFieldName('type')?.text ?? '',
      name: field.childForFieldName('declarator')?.text ?? '',
    }));
}
