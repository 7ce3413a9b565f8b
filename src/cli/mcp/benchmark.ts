import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import * as z from 'zod';
import { benchWorkspace } from '../../engine/bench.ts';
import { logMeasurement } from '../../engine/measurementLog.ts';
import { benchInputs } from '../../engine/runInputs.ts';
import { windowFor } from '../../protocol/manifest.ts';
import { curvePointSchema, estimateSchema } from '../../protocol/measurementSchemas.ts';
import { formatQps } from '../../protocol/numberText.ts';
import { datasetInput, recallWindow } from './shapes.ts';
import { answer, handler, type ToolContext } from './tool.ts';

const output = {
  dataset: z.string(),
  recallWindow,
  points: z.array(curvePointSchema.extend({ qpsInterval: estimateSchema })),
  buildCpuSeconds: z.number(),
};

const benchSeed = 1;

export function addBenchmark(server: McpServer, context: ToolContext): void {
  server.registerTool(
    'benchmark',
    {
      title: 'Benchmark the workspace',
      description:
        'Builds the workspace as saved and measures its QPS-recall curve on a dataset (which is fetched where it is not there yet). Two benchmarks must not be compared with each other: propose_patch measures a change beside the code as saved.',
      inputSchema: {
        dataset: datasetInput,
        seconds: z.int().min(5).max(600).default(30).describe('Seconds spent on timing.'),
      },
      outputSchema: output,
      annotations: {
        readOnlyHint: false,
        destructiveHint: false,
        idempotentHint: false,
        openWorldHint: true,
      },
    },
    handler(context, ({ dataset: name, seconds }: { dataset?: string | undefined; seconds: number }, call) =>
      context.alone(call.signal, async () => {
        const inputs = await benchInputs(
          { root: context.root(), dataset: name },
          { ...call, syntax: await context.syntax() },
        );
        const { workspace, dataset } = inputs;
        const measured = await benchWorkspace({ ...call, workspace, dataset, seconds, seed: benchSeed });
        const { points, buildCpuSeconds } = measured;
        await logMeasurement({ workspace, dataset, points, buildCpuSeconds }, call.services);
        const [low, high] = windowFor(workspace.manifest, dataset.name);
        const lines = points
          .toSorted((a, b) => a.recall - b.recall)
          .map(
            (p) =>
              `  ef ${p.ef}: recall ${p.recall.toFixed(4)}, ${formatQps(p.qps)} QPS (${formatQps(p.qpsInterval.low)} to ${formatQps(p.qpsInterval.high)})`,
          );
        return answer(
          {
            dataset: dataset.name,
            recallWindow: [low, high],
            points: points.map(({ ef, recall, secondsPerQuery, qps, qpsInterval }) => {
              return { ef, recall, secondsPerQuery, qps, qpsInterval };
            }),
            buildCpuSeconds,
          },
          [
            `The workspace as saved on ${dataset.name}, one thread, recall window ${low} to ${high}:`,
            ...lines,
            `The index takes ${buildCpuSeconds.toFixed(1)} CPU seconds to build.`,
          ].join('\n'),
        );
      }),
    ),
  );
}
