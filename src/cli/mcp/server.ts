import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { agentRules } from '../../protocol/agentText.ts';
import { addBenchmark } from './benchmark.ts';
import { addListModules } from './listModules.ts';
import { addProposePatch } from './proposePatch.ts';
import { addShowResults } from './showResults.ts';
import type { ToolContext } from './tool.ts';

/** The engine as a server of the Model Context Protocol: tools that read, measure and judge, none that applies. */
export function createMcpServer(version: string, context: ToolContext): McpServer {
  const server = new McpServer(
    { name: 'annsmith', title: 'Annsmith', version },
    { instructions: agentRules },
  );
  addListModules(server, context);
  addBenchmark(server, context);
  addProposePatch(server, context);
  addShowResults(server, context);
  return server;
}
