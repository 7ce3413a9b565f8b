import {
  CodeActionKind,
  type InitializeParams,
  type InitializeResult,
  ResponseError,
  TextDocumentSyncKind,
} from 'vscode-languageserver/node';
import packageManifest from '../../package.json' with { type: 'json' };
import { engineErrorCode, engineProtocolVersion, handshakeSchema } from '../protocol/engine.ts';

/** Refuses a client that speaks another version of the engine requests. */
export function requireSameProtocol({ initializationOptions }: InitializeParams): void {
  const sent = handshakeSchema.safeParse(initializationOptions);
  if (sent.success && sent.data.protocol === engineProtocolVersion) return;
  const theirs = sent.success ? `version ${sent.data.protocol}` : 'no version';
  throw new ResponseError(
    engineErrorCode,
    `the extension and its engine are of different versions: the extension speaks ${theirs} of the protocol, engine ${packageManifest.version} speaks version ${engineProtocolVersion}`,
    { code: 'protocol', fix: 'Reload the window.', retry: false },
  );
}

export const serverInfo = { name: 'annsmith', version: packageManifest.version } as const;

export const capabilities: InitializeResult['capabilities'] = {
  textDocumentSync: {
    openClose: true,
    change: TextDocumentSyncKind.Incremental,
    save: { includeText: false },
  },
  codeLensProvider: { resolveProvider: false },
  codeActionProvider: { codeActionKinds: [CodeActionKind.RefactorRewrite], resolveProvider: false },
  hoverProvider: true,
  workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
  experimental: { annsmith: { protocol: engineProtocolVersion } },
};
