import type { FinalTrial } from '../../protocol/ledger.ts';
import { moduleNames } from '../../protocol/module.ts';
import {
  counted,
  formatBytes,
  formatChange,
  formatMeasuredRecall,
  formatNumber,
  formatRecall,
  formatSeconds,
  formatTime,
} from './format.ts';
import { type Html, type HtmlValue, html } from './html.ts';
import type { RunStory } from './runStory.ts';
import { table } from './table.ts';

/** Machine, compiler, data, seeds: what the numbers depend on, and how to get them again. */
export function methodSection(story: RunStory, trials: readonly FinalTrial[]): Html {
  return html`<section aria-labelledby="method"><h2 id="method">How it was measured</h2>
${facts(story)}
${datasets(story)}${trials.length === 0 ? null : measurements(trials)}</section>
<section aria-labelledby="repeat"><h2 id="repeat">How to repeat it</h2>
${repeat(story)}</section>
`;
}

function facts({ run, until, resumed }: RunStory): Html {
  const { workspace, policy, index, compiler, budgetSeconds } = run;
  const flags = compiler.flags.join(' ');
  const rows: (readonly [string, HtmlValue])[] = [
    ['Run', html`<code>${run.runId}</code>, ${formatTime(run.at)} to ${formatTime(until)}`],
    ...resumed.map((at): readonly [string, HtmlValue] => ['Resumed', formatTime(at)]),
    [
      'Workspace',
      html`${workspace.name} at <code>${workspace.root}</code>, sources <code>${workspace.hash.slice(0, 16)}</code>`,
    ],
    ...machineRows(run.machine),
    ['Compiler', html`${compiler.version}; <code>${flags}</code>`],
    ['Index', `M ${index.M}, efConstruction ${index.efConstruction}, seed ${index.seed}`],
    ['Search', `k = ${run.k}, one thread on a core of its own`],
    ['Policy', `${policy.id}, version ${policy.version}`],
    [
      'Sampling',
      `seed ${run.seed}, ${counted(run.rounds, 'round')} of ${run.group} per module${budgetSeconds === null ? '' : `, budget ${formatSeconds(budgetSeconds)}`}`,
    ],
  ];
  return html`<dl class="facts">
${rows.map(
  ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>
`,
)}</dl>`;
}

const machineWords: Readonly<Record<string, string>> = {
  cpu: 'Processor',
  cores: 'Cores',
  isa: 'Instruction sets',
  llcBytes: 'Last-level cache',
  memoryBytes: 'Memory',
  kernel: 'System',
  id: 'Machine fingerprint',
};

/** The fingerprint as it was recorded; fields that later versions add are shown under their own names. */
function machineRows(machine: Readonly<Record<string, unknown>>): (readonly [string, HtmlValue])[] {
  return Object.entries(machine).map(([key, value]) => [machineWords[key] ?? key, machineValue(key, value)]);
}

function machineValue(key: string, value: unknown): HtmlValue {
  if (typeof value === 'number') return key.endsWith('Bytes') ? formatBytes(value) : formatNumber(value);
  if (Array.isArray(value)) return value.map(String).join(' ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function datasets({ run }: RunStory): Html {
  return table(
    'Datasets',
    [
      { title: 'Dataset' },
      { title: 'Vectors', numeric: true },
      { title: 'Metric' },
      { title: 'Recall window' },
      { title: 'Used for' },
      { title: 'Fingerprint' },
    ],
    run.datasets.map(({ name, n, dim, metric, window, heldOut, fingerprint }) => [
      name,
      html`${formatNumber(n)} &times; ${dim}`,
      metric,
      window.map(formatRecall).join(' to '),
      heldOut ? 'the final result only' : 'optimization; a fifth of its queries for confirmation only',
      html`<code>${fingerprint.slice(0, 16)}</code>`,
    ]),
  );
}

const stopWords = {
  decided: 'the interval was off zero',
  equivalent: 'the interval was inside \u00b11 %',
  budget: 'its time was up',
} as const;

function measurements(trials: readonly FinalTrial[]): Html {
  return table(
    'The comparison behind the result',
    [
      { title: 'Dataset' },
      { title: 'Timing' },
      { title: 'Process pairs', numeric: true },
      { title: 'Chunk pairs', numeric: true },
      { title: 'Chunk (lead-in)', numeric: true },
      { title: 'Looks', numeric: true },
      { title: 'Ended when' },
      { title: 'Took', numeric: true },
      { title: 'Recall at the largest ef', numeric: true },
    ],
    trials.map(({ dataset, comparison }) => {
      const { mode, processPairs, samples, chunk, lead, looks, stopped, seconds } = comparison;
      const { ef, reference, candidate } = comparison.recallAtLargestEf;
      return [
        dataset,
        mode,
        processPairs,
        formatNumber(samples.length),
        `${formatNumber(chunk)} (${formatNumber(lead)})`,
        looks,
        stopWords[stopped],
        formatSeconds(seconds),
        `ef ${ef}: ${formatChange(formatMeasuredRecall(reference), formatMeasuredRecall(candidate))}`,
      ];
    }),
  );
}

function repeat(story: RunStory): Html {
  const { run, total } = story;
  const [first] = run.datasets;
  const steps = [
    html`<li>Check out the same sources: their hash is <code>${run.workspace.hash}</code>.</li>
<li>Run it again:<pre class="code" tabindex="0">${optimizeCommand(story)}</pre></li>
`,
    total !== undefined &&
      html`<li>Or measure the result alone, as a copy of the workspace with the patch, against the workspace:
<pre class="code" tabindex="0">after=$(mktemp -d)
cp -r . "$after"
patch -d "$after" -p1 &lt; .annsmith/runs/${run.runId}/best.patch
annsmith bench --workspace "$after" --compare "$PWD" --dataset ${first?.name ?? ''}</pre></li>
`,
  ];
  return html`<p>The seeds make the candidates the same again. Queries per second are comparable on machines of the same fingerprint only.</p>
<ol>
${steps}</ol>
`;
}

function optimizeCommand({ run }: RunStory): string {
  const modules = run.modules.length === moduleNames.length ? 'all' : run.modules.join(',');
  const used = run.datasets.filter(({ heldOut }) => !heldOut).map(({ name }) => name);
  const heldOut = run.datasets.filter((dataset) => dataset.heldOut).map(({ name }) => name);
  return [
    'annsmith optimize',
    `--module ${modules}`,
    `--dataset ${used.join(',')}`,
    ...(heldOut.length > 0 ? [`--hold-out ${heldOut.join(',')}`] : []),
    ...(used.length > 1 ? [`--aggregate ${run.aggregate}`] : []),
    `--policy ${run.policy.id}`,
    `--group ${run.group}`,
    `--rounds ${run.rounds}`,
    ...(run.budgetSeconds === null ? [] : [`--budget ${Math.ceil(run.budgetSeconds / 60)}`]),
    `--seed ${run.seed}`,
  ].join(' ');
}
