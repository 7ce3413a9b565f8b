import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import * as z from 'zod';
import { UserError } from '../../engine/errors.ts';
import { readLedger } from '../../engine/ledger/ledgerReader.ts';
import { ledgerPath, summariseRuns } from '../../engine/ledger/runSummary.ts';
import { runStory } from '../../engine/reporting/runStory.ts';
import { gainText } from '../../protocol/agentText.ts';
import { estimateSchema } from '../../protocol/measurementSchemas.ts';
import { candidateDetail, candidateOf, candidateText, runDetail, runOf, runText } from './results.ts';
import { answer, handler, type ToolContext } from './tool.ts';

const shownRuns = 20;

const listedRun = z.object({
  id: z.string(),
  at: z.string(),
  module: z.string(),
  dataset: z.string(),
  policy: z.string(),
  forTraining: z.boolean().describe('Sampled to train the policy: nothing of it is confirmed.'),
  status: z.string(),
  candidates: z.number(),
  best: z.array(z.string()).describe('Confirmed winners.'),
  gain: estimateSchema.nullable().describe('Of everything together, as confirmed.'),
});

const output = {
  runs: z.array(listedRun).optional().describe('Newest first.'),
  run: runDetail.optional(),
  candidate: candidateDetail.optional(),
};

interface Input {
  readonly run?: string | undefined;
  readonly candidate?: string | undefined;
}

export function addShowResults(server: McpServer, context: ToolContext): void {
  server.registerTool(
    'show_results',
    {
      title: 'Show results',
      description:
        'What the ledger of this workspace holds. Without arguments the newest runs; with a run its candidates with verdicts, gains and intervals; with a candidate its checks, curves, costs and diff too. Read it before proposing what was tried before.',
      inputSchema: {
        run: z.string().min(1).optional().describe('Id of a run.'),
        candidate: z.string().min(1).optional().describe('Id of one of its candidates, such as g1c1.'),
      },
      outputSchema: output,
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    handler(context, async ({ run: id, candidate }: Input) => {
      const path = ledgerPath(context.root());
      const { records } = await readLedger(path);
      if (id === undefined) {
        if (candidate !== undefined) {
          throw new UserError(
            'no-such-run',
            'run: a candidate was named without its run',
            'Name the run as well.',
          );
        }
        const runs = summariseRuns(records)
          .reverse()
          .slice(0, shownRuns)
          .map(({ candidates, best, seed: _, ...run }) => ({
            ...run,
            best: [...best],
            candidates: candidates.length,
          }));
        return answer({ runs }, runs.length === 0 ? 'No runs yet.' : runs.map(listedText).join('\n'));
      }
      const story = runStory(records, id);
      if (story === undefined) {
        throw new UserError(
          'no-such-run',
          `${path}: there is no run ${id}`,
          'Call show_results without a run for the list.',
        );
      }
      if (candidate === undefined) {
        const run = runOf(story);
        return answer({ run }, runText(run));
      }
      const detail = candidateOf(story, candidate);
      return answer({ candidate: detail }, candidateText(detail));
    }),
  );
}

function listedText({
  id,
  at,
  module,
  dataset,
  policy,
  forTraining,
  status,
  candidates,
  gain,
}: z.infer<typeof listedRun>): string {
  const without = forTraining ? 'sampled for training' : 'no gain confirmed';
  const gained = gain === null ? without : `gain ${gainText(gain)}`;
  return `${id}, ${at}: ${module} on ${dataset}, policy ${policy}, ${status}, ${candidates} candidates, ${gained}`;
}
