import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import * as z from 'zod';
import { codeHashes } from '../../engine/codeHashes.ts';
import { readLedger } from '../../engine/ledger/ledgerReader.ts';
import { ledgerPath } from '../../engine/ledger/runSummary.ts';
import { loadWorkspace, type Workspace } from '../../engine/module/workspace.ts';
import { curveText, type ModuleCode, modulesText } from '../../protocol/agentText.ts';
import { type LedgerRecord, type RecordOf, recordsOf } from '../../protocol/ledger.ts';
import { datasetNames, windowFor } from '../../protocol/manifest.ts';
import { moduleNames } from '../../protocol/module.ts';
import { curve, recallWindow } from './shapes.ts';
import { answer, handler, type ToolContext } from './tool.ts';

const output = {
  workspace: z.string().describe('Its folder.'),
  name: z.string(),
  datasets: z.array(z.object({ name: z.string(), recallWindow })),
  measured: z.object({
    k: z.number(),
    M: z.number(),
    efConstruction: z.number(),
    recallTolerance: z.number().describe('Recall at the largest ef may fall by this much.'),
    buildCpuFactor: z.number().describe('Build time may grow to this multiple.'),
    memoryFactor: z.number(),
  }),
  modules: z.array(
    z.object({
      module: z.enum(moduleNames),
      regions: z.array(
        z.object({
          file: z.string(),
          symbol: z.string(),
          kind: z.string(),
          startLine: z.number().describe('From 1, inclusive, as endLine.'),
          endLine: z.number(),
          code: z.string(),
        }),
      ),
    }),
  ),
  newest: z
    .object({ at: z.string(), dataset: z.string(), points: curve, stale: z.boolean() })
    .nullable()
    .describe('The newest benchmark of the workspace; stale: its code was changed since.'),
};

export function addListModules(server: McpServer, context: ToolContext): void {
  server.registerTool(
    'list_modules',
    {
      title: 'List modules',
      description:
        'The modules of this HNSW workspace with the code that a patch to each may change (file, symbol, lines), its datasets, what is measured, and the newest benchmark. Read it before proposing a patch.',
      inputSchema: {},
      outputSchema: output,
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    handler(context, async () => {
      const root = context.root();
      const workspace = await loadWorkspace(root, { syntax: await context.syntax() });
      const { records } = await readLedger(ledgerPath(root));
      const listed = listing(workspace, newestOf(workspace, records));
      return answer(listed, listingText(listed));
    }),
  );
}

type Listing = z.infer<z.ZodObject<typeof output>>;

function listing(workspace: Workspace, newest: Listing['newest']): Listing {
  const { manifest, root } = workspace;
  const { recallTolerance, buildCpuFactor, memoryFactor } = manifest.budgets;
  const { M, efConstruction } = manifest.index;
  return {
    workspace: root,
    name: manifest.name,
    datasets: datasetNames(manifest).map((name) => {
      const [low, high] = windowFor(manifest, name);
      return { name, recallWindow: [low, high] };
    }),
    measured: { k: manifest.search.k, M, efConstruction, recallTolerance, buildCpuFactor, memoryFactor },
    modules: modulesOf(workspace),
    newest,
  };
}

function modulesOf({ files, regions }: Workspace): Listing['modules'] {
  return moduleNames
    .filter((module) => regions[module].length > 0)
    .map((module) => ({
      module,
      regions: regions[module].map(({ file, symbol, kind, startLine, endLine, start, end }) => {
        const code = (files.get(file) ?? '').slice(start, end);
        return { file, symbol, kind, startLine, endLine, code };
      }),
    }));
}

function newestOf(workspace: Workspace, records: readonly LedgerRecord[]): Listing['newest'] {
  const newest: RecordOf<'measurement'> | undefined = recordsOf(records, 'measurement').at(-1);
  if (newest === undefined) return null;
  const { at, dataset, points, moduleHashes, restHash } = newest;
  const now = codeHashes(workspace);
  const stale =
    now.restHash !== restHash ||
    moduleNames.some((module) => now.moduleHashes[module] !== moduleHashes[module]);
  return {
    at,
    dataset: dataset.name,
    points: points.map(({ ef, recall, secondsPerQuery, qps }) => ({ ef, recall, secondsPerQuery, qps })),
    stale,
  };
}

function listingText({ name, workspace, datasets, measured, modules, newest }: Listing): string {
  const sets = datasets.map((d) => `${d.name} (recall ${d.recallWindow.join(' to ')})`).join(', ');
  return [
    `# ${name}, ${workspace}`,
    `Datasets, the first is the default: ${sets}.`,
    `Measured: queries per second of one thread over recall@${measured.k} in the window, index with M ${measured.M} and efConstruction ${measured.efConstruction}. Recall at the largest ef may fall by ${measured.recallTolerance}, build time grow to ${measured.buildCpuFactor} times, memory to ${measured.memoryFactor} times.`,
    newest === null
      ? 'Not benchmarked yet; the tool benchmark does it.'
      : `Newest benchmark, ${newest.at} on ${newest.dataset}${newest.stale ? ', of other code than what is saved now' : ''}:\n${curveText(newest.points)}`,
    modulesText(modules as readonly ModuleCode[]),
  ].join('\n\n');
}
