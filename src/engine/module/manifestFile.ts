import * as z from 'zod';
import { type Manifest, manifestSchema } from '../../protocol/manifest.ts';
import { jsonError } from './jsonError.ts';
import { nearest } from './nearest.ts';
import { fieldPath, WorkspaceError, type WorkspaceProblem } from './workspaceError.ts';

export const manifestFileName = 'annsmith.json';

/**
 * Reads a manifest's text.
 * @throws WorkspaceError with every problem found, each with its field.
 */
export function parseManifest(text: string, file = manifestFileName): Manifest {
  const result = manifestSchema.safeParse(parseJson(text, file));
  if (!result.success) throw new WorkspaceError(file, result.error.issues.flatMap(problemsOf));
  const manifest = result.data;
  if (Object.values(manifest.modules).every((module) => module === undefined)) {
    throw new WorkspaceError(file, [
      {
        field: 'modules',
        message: 'names no module',
        fix: 'describe at least one of construction, search, refinement',
      },
    ]);
  }
  return manifest;
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const found = jsonError(text);
    const message = found
      ? `line ${found.line}, column ${found.column}: not valid JSON`
      : `not valid JSON: ${String(error)}`;
    const fix = found ? `expected ${found.expected}` : 'correct the file';
    throw new WorkspaceError(file, [{ field: '', message, fix }]);
  }
}

function problemsOf(issue: z.core.$ZodIssue): WorkspaceProblem[] {
  const field = fieldPath(issue.path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = knownKeys(issue.path);
      return issue.keys.map((key) => ({
        field: fieldPath([...issue.path, key]),
        message: 'unknown key',
        fix: known.length === 0 ? 'remove it' : `nearest: ${nearest(key, known, 3).join(', ')}; or remove it`,
      }));
    }
    case 'invalid_type':
      return [
        {
          field,
          message: issue.message.endsWith('received undefined')
            ? 'is missing'
            : issue.message.replace('Invalid input: ', ''),
          fix: `write a value of type ${issue.expected}`,
        },
      ];
    case 'invalid_value':
      return [{ field, message: 'not a known value', fix: `use one of ${issue.values.join(', ')}` }];
    case 'invalid_union':
      return [{ field, message: 'none of the allowed forms', fix: describedUnion(issue) }];
    default:
      return [{ field, message: issue.message, fix: 'change the value' }];
  }
}

function describedUnion(issue: z.core.$ZodIssueInvalidUnion): string {
  const forms = issue.errors.map((errors) => errors[0]?.message.replace('Invalid input: ', '') ?? '');
  return forms.filter((form) => form !== '').join('; or ');
}

/** The keys the schema allows at a path, read from its JSON Schema. */
function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  let node: unknown = z.toJSONSchema(manifestSchema, { io: 'input' });
  for (const part of path) {
    node = typeof part === 'number' ? at(node, 'items') : at(at(node, 'properties'), String(part));
  }
  const properties = at(node, 'properties');
  return typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
}

function at(node: unknown, key: string): unknown {
  return typeof node === 'object' && node !== null && key in node
    ? (node as Readonly<Record<string, unknown>>)[key]
    : undefined;
}
