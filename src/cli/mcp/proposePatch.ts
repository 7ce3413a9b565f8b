import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import * as z from 'zod';
import { proposePatch } from '../../engine/proposal.ts';
import { patchForms, proposalText } from '../../protocol/agentText.ts';
import type { ModuleName } from '../../protocol/module.ts';
import { checks, curve, datasetInput, gain, moduleInput, speedup, verdict } from './shapes.ts';
import { answer, handler, type ToolContext } from './tool.ts';

const output = {
  run: z.string(),
  candidate: z.string(),
  verdict,
  gain: gain.nullable().describe('Null where the patch was not measured.'),
  confirmed: z.boolean().nullable().describe('Null where there was nothing to confirm.'),
  speedup: speedup.describe('At equal recall, over the workspace as saved.'),
  reference: curve,
  points: curve.describe('The curve of the patch.'),
  checks,
  patch: z.string().nullable().describe('As a unified diff.'),
};

interface Input {
  readonly module: ModuleName;
  readonly patch: string;
  readonly dataset?: string | undefined;
}

export function addProposePatch(server: McpServer, context: ToolContext): void {
  server.registerTool(
    'propose_patch',
    {
      title: 'Propose a patch',
      description:
        "Judges a patch to one module: applied to a copy, compiled, checked, measured beside the workspace as saved, confirmed where it is faster. Answers with verdict, gain and interval, speed-ups and curve. The workspace's files are not changed; the user reviews and applies what was found. Takes minutes: ask for progress.",
      inputSchema: {
        module: moduleInput,
        patch: z.string().min(1).describe(`The change, as ${patchForms}`),
        dataset: datasetInput,
      },
      outputSchema: output,
      annotations: {
        readOnlyHint: false,
        destructiveHint: false,
        idempotentHint: false,
        openWorldHint: true,
      },
    },
    handler(context, ({ module, patch, dataset }: Input, call) =>
      context.alone(call.signal, async () => {
        const outcome = await proposePatch(
          { root: context.root(), module, text: patch, dataset: dataset ?? null },
          { ...call, syntax: await context.syntax() },
        );
        return answer(outcome, proposalText(outcome));
      }),
    ),
  );
}
