import type { Node } from 'web-tree-sitter';
import { type CppClass, constructorOf, type Method, method } from './cppClass.ts';
import { type Edit, indentAt, lineStart, reindent, replaceNode } from './cppEdit.ts';
import { plainName } from './cppNodes.ts';

/** New insides of a class whose interface stays. */
export interface Implementation {
  /** Bodies by plain method name (lower case, no underscores), from the parameter names in use. */
  readonly bodies: Readonly<Record<string, (parameters: readonly string[]) => string>>;
  /** The constructor's initialisers, when the class has one that fills its fields. */
  readonly initializers?: (parameters: readonly string[]) => string;
  /** What follows `private:`. */
  readonly privates: string;
}

const maxColumns = 100;

export type ClassEdits =
  | { readonly kind: 'edits'; readonly edits: readonly Edit[] }
  | { readonly kind: 'declined'; readonly reason: string };

/** Replaces the bodies and the private part, and keeps every signature and comment of the public one. */
export function replaceImplementation(text: string, type: CppClass, next: Implementation): ClassEdits {
  const wanted = Object.keys(next.bodies);
  const lacking = wanted.filter((name) => method(type, name) === undefined);
  if (lacking.length > 0) return declined(`\`${type.name}\` has no single method ${quote(lacking)}`);
  const made = constructorOf(type);
  const publicMethods = type.methods.filter(
    ({ node }) => !type.privateLabel || node.startIndex < type.privateLabel.startIndex,
  );
  const unknown = publicMethods.filter(
    (candidate) => candidate !== made && !wanted.includes(plainName(candidate.name)),
  );
  if (unknown.length > 0) {
    return declined(
      `\`${type.name}\` also has ${quote(unknown.map(({ name }) => name))}, of unknown meaning`,
    );
  }
  if (!type.privateLabel) return declined(`\`${type.name}\` has no \`private:\` part at its end`);
  if ((made?.initializers === undefined) !== (next.initializers === undefined)) {
    return declined(`\`${type.name}\` is not constructed in the expected way`);
  }
  const edits = wanted.flatMap((name) => {
    const found = method(type, name);
    const body = found && next.bodies[name]?.(found.parameters.map((parameter) => parameter.name));
    return found && body !== undefined ? [replaceBody(text, found, body)] : [];
  });
  if (made?.initializers && next.initializers) {
    const names = made.parameters.map((parameter) => parameter.name);
    edits.push(replaceInitializers(text, made, made.initializers, next.initializers(names)));
  }
  edits.push(replacePrivates(text, type, type.privateLabel.endIndex, next.privates));
  return { kind: 'edits', edits };
}

/** A new body, on one line where it fits; `columns` more are wanted by other edits of that line. */
export function replaceBody(text: string, { node, body }: Method, code: string, columns = 0): Edit {
  const margin = indentAt(text, node.startIndex);
  const oneLine = `{ ${code} }`;
  const head = text.slice(lineStart(text, body.startIndex), body.startIndex);
  const fits = !code.includes('\n') && head.length + oneLine.length + columns <= maxColumns;
  if (fits) return replaceNode(body, oneLine);
  return replaceNode(body, `{\n${reindent(code, `${margin}  `)}\n${margin}}`);
}

function replaceInitializers(text: string, { node, body }: Method, old: Node, code: string): Edit {
  const margin = indentAt(text, node.startIndex);
  const line = text.slice(lineStart(text, old.startIndex), old.startIndex).trimEnd();
  const rest = text.slice(old.endIndex, body.endIndex);
  const fits = `${line} : ${code}${rest}`.length <= maxColumns;
  const start = old.startIndex - (/\s*$/.exec(text.slice(0, old.startIndex))?.[0].length ?? 0);
  return { start, end: old.endIndex, text: fits ? ` : ${code}` : `\n${margin}    : ${code}` };
}

function replacePrivates(text: string, type: CppClass, labelEnd: number, code: string): Edit {
  const margin = indentAt(text, type.node.startIndex);
  const afterColon = text.slice(labelEnd).startsWith(':') ? labelEnd + 1 : labelEnd;
  return {
    start: afterColon,
    end: type.body.endIndex - 1,
    text: `\n${reindent(code, `${margin}  `)}\n${margin}`,
  };
}

function quote(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

function declined(reason: string): ClassEdits {
  return { kind: 'declined', reason };
}
