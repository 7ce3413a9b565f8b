/** The engine behind stdio JSON-RPC: stdout is protocol only, everything else goes to the client's log or to stderr. */
import { Console } from 'node:console';
import { createConnection } from 'vscode-languageserver/node';
import { useProxyOf } from '../engine/policy/model/environment.ts';
import { serve } from './serve.ts';

// A library that prints must not break the protocol.
globalThis.console = new Console(process.stderr, process.stderr);
// `exit` ends the children; a signal alone would leave that to the guard process.
for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.once(signal, () => process.exit(1));

useProxyOf(process.env);
serve(createConnection(process.stdin, process.stdout));
