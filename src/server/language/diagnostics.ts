import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Connection,
  type Diagnostic,
  DiagnosticSeverity,
  type TextDocuments,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { URI } from 'vscode-uri';
import type { CppSyntaxTrees } from '../../engine/module/cppSyntax.ts';
import { manifestFileName } from '../../engine/module/manifestFile.ts';
import type { ReadText } from '../../engine/module/sourceFiles.ts';
import { loadWorkspace, type Workspace } from '../../engine/module/workspace.ts';
import { WorkspaceError, type WorkspaceProblem } from '../../engine/module/workspaceError.ts';
import type { Estimate } from '../../protocol/measurement.ts';
import type { ModuleName } from '../../protocol/module.ts';
import { isInside, type Root } from '../roots.ts';
import { definitionStart } from './documentRegions.ts';
import { spanOfField } from './jsonPositions.ts';
import { intervalText, wholePercent } from './wording.ts';

const source = 'annsmith';

/** What a background benchmark found of a module. */
export interface BenchmarkResult {
  readonly module: ModuleName;
  readonly dataset: string;
  readonly gain: Estimate;
}

/** Problems of manifests, and what background benchmarks found, published per file. */
export class Diagnostics {
  readonly #connection: Connection;
  readonly #documents: TextDocuments<TextDocument>;
  readonly #syntax: () => Promise<CppSyntaxTrees>;
  /** By root: the files that have something published. */
  readonly #published = new Map<string, ReadonlySet<string>>();
  readonly #results = new Map<string, readonly BenchmarkResult[]>();
  /** By root: the newest update; an older one that is late publishes nothing. */
  readonly #updates = new Map<string, symbol>();

  constructor(
    connection: Connection,
    documents: TextDocuments<TextDocument>,
    syntax: () => Promise<CppSyntaxTrees>,
  ) {
    this.#connection = connection;
    this.#documents = documents;
    this.#syntax = syntax;
  }

  /** Results of the newest benchmark; they stand until the module is changed or measured again. */
  setResults(root: Root, results: readonly BenchmarkResult[]): void {
    this.#results.set(root.path, results);
  }

  /** Publishes what is wrong with a workspace, seen with the texts that are open. */
  async update(root: Root): Promise<void> {
    const update = Symbol(root.path);
    this.#updates.set(root.path, update);
    const manifest = await this.#manifestDiagnostics(root);
    const results = await this.#resultDiagnostics(root);
    if (this.#updates.get(root.path) !== update) return;
    this.#publish(root, new Map([...results, ...manifest]));
  }

  forget(root: Root): void {
    this.#results.delete(root.path);
    this.#updates.delete(root.path);
    this.#publish(root, new Map());
  }

  #publish(root: Root, found: ReadonlyMap<string, readonly Diagnostic[]>): void {
    const before = this.#published.get(root.path) ?? new Set<string>();
    const now = new Map([...found].filter(([, list]) => list.length > 0));
    for (const uri of before) {
      if (!now.has(uri)) this.#send(uri, []);
    }
    for (const [uri, list] of now) this.#send(uri, list);
    this.#published.set(root.path, new Set(now.keys()));
  }

  #send(uri: string, diagnostics: readonly Diagnostic[]): void {
    void this.#connection.sendDiagnostics({ uri, diagnostics: [...diagnostics] });
  }

  async #manifestDiagnostics(root: Root): Promise<ReadonlyMap<string, Diagnostic[]>> {
    const path = join(root.path, manifestFileName);
    const uri = URI.file(path).toString();
    const readText = await this.#current(root);
    const text = await readText(path).catch(() => undefined);
    if (text === undefined) return new Map();
    const document = TextDocument.create(uri, 'json', 0, text);
    const problems = await this.#problems(root, readText);
    return new Map([[uri, problems.map((problem) => manifestDiagnostic(document, problem))]]);
  }

  async #problems(root: Root, readText: ReadText): Promise<readonly WorkspaceProblem[]> {
    try {
      await loadWorkspace(root.path, { syntax: await this.#syntax(), readText });
      return [];
    } catch (error) {
      if (error instanceof WorkspaceError) return error.problems;
      throw error;
    }
  }

  /** Reads files as they are in the editor, and the rest as saved. */
  async #current(root: Root): Promise<ReadText> {
    const open = new Map<string, string>();
    for (const document of this.#documents.all()) {
      const { scheme, fsPath } = URI.parse(document.uri);
      if (scheme !== 'file' || !isInside(root.path, fsPath)) continue;
      open.set(fsPath, document.getText());
      // Sources are read by their real paths.
      open.set(await realpath(fsPath).catch(() => fsPath), document.getText());
    }
    return async (path, found) => open.get(path) ?? root.index.readSaved(path, found);
  }

  async #resultDiagnostics(root: Root): Promise<ReadonlyMap<string, Diagnostic[]>> {
    const found = new Map<string, Diagnostic[]>();
    const results = this.#results.get(root.path);
    if (results === undefined || results.length === 0) return found;
    const state = await root.index.state();
    if (state.kind !== 'ready') return found;
    for (const result of results) {
      const placed = resultDiagnostic(state.workspace, result);
      if (placed === undefined) continue;
      const uri = URI.file(join(root.path, placed.file)).toString();
      found.set(uri, [...(found.get(uri) ?? []), placed.diagnostic]);
    }
    return found;
  }
}

function manifestDiagnostic(document: TextDocument, { field, message, fix }: WorkspaceProblem): Diagnostic {
  const span = spanOfField(document.getText(), field, message === 'unknown key' ? 'key' : 'value');
  return {
    range: { start: document.positionAt(span.start), end: document.positionAt(span.end) },
    severity: DiagnosticSeverity.Error,
    source,
    message: `${field === '' ? '' : `${field}: `}${message} (${fix})`,
  };
}

/** On the first line of the module's first definition. */
function resultDiagnostic(
  { regions, files }: Workspace,
  { module, dataset, gain }: BenchmarkResult,
): { readonly file: string; readonly diagnostic: Diagnostic } | undefined {
  const region = regions[module].find(({ kind }) => kind !== 'includes');
  const text = region && files.get(region.file);
  if (region === undefined || text === undefined) return undefined;
  const document = TextDocument.create(region.file, 'cpp', 0, text);
  const start = definitionStart(text, region);
  const lineEnd = text.indexOf('\n', start);
  const end = Math.min(region.end, lineEnd < 0 ? text.length : lineEnd);
  const isSlower = gain.high < 0;
  const said = isSlower ? 'slower' : gain.low > 0 ? 'faster' : 'no measurable change';
  return {
    file: region.file,
    diagnostic: {
      range: { start: document.positionAt(start), end: document.positionAt(end) },
      severity: isSlower ? DiagnosticSeverity.Warning : DiagnosticSeverity.Information,
      source,
      code: 'benchmark-on-save',
      message: `${module}: ${said}, ${wholePercent(gain)} (${intervalText(gain)}) on ${dataset}, against the last accepted state`,
    },
  };
}
