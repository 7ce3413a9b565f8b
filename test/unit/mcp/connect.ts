import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';

const root = join(import.meta.dirname, '..', '..', '..');

export interface Connected {
  readonly client: Client;
  /** Everything the server has written on stderr. */
  log(): string;
  /** What was not of the protocol: anything else on its stdout, for one. */
  readonly errors: readonly Error[];
  /** Resolves once the server has ended. */
  close(): Promise<void>;
}

/** An agent's client, over stdio, with the real command. */
export async function connect(workspace: string): Promise<Connected> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [join(root, 'src', 'cli', 'main.ts'), 'mcp', '--workspace', workspace],
    env,
    stderr: 'pipe',
  });
  let log = '';
  transport.stderr?.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const client = new Client({ name: 'test', version: '1' });
  const errors: Error[] = [];
  client.onerror = (error) => errors.push(error);
  await client.connect(transport);
  return { client, errors, log: () => log, close: () => client.close() };
}

/** The text of a tool's answer. */
export function textOf(result: Awaited<ReturnType<Client['callTool']>>): string {
  const { content } = result as CallToolResult;
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
}
