/**
 * Opens a copy of examples/hnsw in a VS Code in the browser, with the packed extension installed, and prints the
 * address. The copy and the settings are kept between starts, in build/try. `--port N` asks for a port.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type CodeServerOptions,
  installVsix,
  prepareFolder,
  startCodeServer,
} from '../test/host/codeServer.ts';
import { findCodeServer } from '../test/host/installed.ts';
import { copyWorkspace } from '../test/host/suiteWindow.ts';
import { platformVsix } from './package/vsixFile.ts';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'build', 'try');

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function fail(message: string): never {
  process.stderr.write(`try: ${message}\n`);
  process.exit(1);
}

const { values } = parseArgs({ options: { port: { type: 'string' } } });
if (findCodeServer() === undefined) fail('no VS Code for the browser could be installed; why is said above');
const packed = spawnSync(process.execPath, [join(root, 'scripts', 'package.ts'), '--platform'], {
  stdio: ['ignore', 2, 2],
});
if (packed.status !== 0) fail('the extension cannot be packed');

const options: CodeServerOptions = {
  folder,
  trusted: true,
  settings: { 'git.enabled': true },
  ...(values.port === undefined ? {} : { port: Number(values.port) }),
};
prepareFolder(options);
installVsix(options, platformVsix());
const workspace = join(folder, 'hnsw');
if (!existsSync(workspace)) copyWorkspace(join(root, 'examples', 'hnsw'), folder);
const server = await startCodeServer(options);
say(`\nVS Code with Annsmith: ${server.url}/?folder=${encodeURI(workspace)}`);
say('On another machine than this one, forward the port first; Ctrl+C stops it.');
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    say('stopping');
    void server.stop().then(() => process.exit(0));
  });
}
