import type { CancellationToken, Connection, InitializeParams } from 'vscode-languageserver/node';
import { URI } from 'vscode-uri';
import { manifestFileName } from '../engine/module/manifestFile.ts';
import { engineHandlers } from './engineRequests.ts';
import { capabilities, requireSameProtocol, serverInfo } from './handshake.ts';
import { codeActions } from './language/codeActions.ts';
import { codeLenses, type FactsOf } from './language/codeLens.ts';
import type { DocumentRegion } from './language/documentRegions.ts';
import { hoverAt } from './language/hover.ts';
import { answerRequests, cancelled } from './requests.ts';
import { Session } from './session.ts';
import { isChangedIn, registerWatchers, touchChanged } from './watch.ts';

/** Wires a connection to a session and starts to listen. */
export function serve(connection: Connection): void {
  const session = new Session(connection);
  serveLifecycle(session);
  serveDocuments(session);
  serveLanguage(session);
  answerRequests(connection, engineHandlers(session), session.logger);
  session.documents.listen(connection);
  connection.listen();
  // Needed by the first lens, and loaded while the client is still getting ready to say hello.
  session.inBackground(session.syntax());
}

function serveLifecycle(session: Session): void {
  const { connection, settings } = session;
  let client: InitializeParams['capabilities'] = {};
  connection.onInitialize((params) => {
    requireSameProtocol(params);
    client = params.capabilities;
    settings.supported = client.workspace?.configuration === true;
    session.canRefreshLenses = client.workspace?.codeLens?.refreshSupport === true;
    session.openFolders(params);
    return { capabilities, serverInfo };
  });
  connection.onInitialized(() => {
    const { workspace } = client;
    session.inBackground(
      registerWatchers(
        connection,
        {
          files: workspace?.didChangeWatchedFiles?.dynamicRegistration === true,
          settings: workspace?.didChangeConfiguration?.dynamicRegistration === true,
          otherFolders: workspace?.didChangeWatchedFiles?.relativePatternSupport === true,
        },
        session.policies.folder,
      ),
    );
    if (workspace?.workspaceFolders === true) {
      connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) =>
        session.changeFolders(
          added.map(({ uri }) => uri),
          removed.map(({ uri }) => uri),
        ),
      );
    }
  });
  connection.onDidChangeConfiguration(() => {
    settings.forget();
    session.refreshLenses();
    session.inBackground(Promise.all(session.roots.all.map((root) => session.background.prepare(root))));
  });
  connection.onShutdown(() => session.stop());
}

/** Typing in a manifest is looked at once it pauses. */
const typingPauseMs = 300;

function serveDocuments(session: Session): void {
  const { connection, documents, roots, watch } = session;
  const typing = new Map<string, NodeJS.Timeout>();
  const check = (path: string): void => {
    for (const root of roots.holding(path)) session.inBackground(session.diagnostics.update(root));
  };
  documents.onDidChangeContent(({ document }) => {
    const path = filePath(document.uri);
    if (path === undefined || !path.endsWith(manifestFileName)) return;
    clearTimeout(typing.get(path));
    typing.set(
      path,
      setTimeout(() => {
        typing.delete(path);
        check(path);
      }, typingPauseMs).unref(),
    );
  });
  documents.onDidClose(({ document }) => {
    session.regions.forget(document.uri);
    const path = filePath(document.uri);
    if (path?.endsWith(manifestFileName)) check(path);
  });
  documents.onDidSave(({ document }) => {
    const path = filePath(document.uri);
    if (path === undefined) return;
    for (const root of roots.holding(path)) watch.touch(root, { index: true, saved: true });
  });
  connection.onDidChangeWatchedFiles(({ changes }) => {
    touchChanged(watch, roots, changes);
    // Rounds of other processes, `annsmith grpo` in a terminal.
    if (isChangedIn(session.policies.folder, changes)) session.send({ kind: 'changed', what: 'policies' });
  });
}

function serveLanguage(session: Session): void {
  const { connection, documents, settings } = session;
  const factsOf: FactsOf = ({ root, module }) =>
    session.factsOf(root).find((facts) => facts.module === module);
  const regionsOf = async (uri: string, token: CancellationToken): Promise<readonly DocumentRegion[]> => {
    await session.ready;
    const document = documents.get(uri);
    if (token.isCancellationRequested) throw cancelled();
    const regions = document === undefined ? [] : await session.regions.of(document);
    if (token.isCancellationRequested) throw cancelled();
    return regions;
  };
  connection.onCodeLens(async ({ textDocument }, token) => {
    session.areLensesAsked = true;
    const regions = await regionsOf(textDocument.uri, token);
    const [first] = regions;
    if (first === undefined || !(await settings.of(first.root.path)).codeLens.enabled) return [];
    return codeLenses(regions, factsOf);
  });
  connection.onCodeAction(async ({ textDocument, range, context }, token) =>
    codeActions(await regionsOf(textDocument.uri, token), range, context.only),
  );
  connection.onHover(async ({ textDocument, position }, token) =>
    hoverAt(await regionsOf(textDocument.uri, token), position, factsOf),
  );
}

function filePath(uri: string): string | undefined {
  const { scheme, fsPath } = URI.parse(uri);
  return scheme === 'file' ? fsPath : undefined;
}
