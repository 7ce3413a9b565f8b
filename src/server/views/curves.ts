import { byRecall, qpsIntervals } from '../../engine/reporting/charts.ts';
import { formatTime, listed } from '../../engine/reporting/format.ts';
import { type CandidateStory, measuredTrials, type RunStory } from '../../engine/reporting/runStory.ts';
import type { CurveSeries, CurvesData } from '../../protocol/engine.ts';
import { type FinalTrial, type LedgerRecord, type RecordOf, recordsOf } from '../../protocol/ledger.ts';
import { statusOf } from './runs.ts';
import { storiesOf } from './stories.ts';

type RunEntry = CurvesData['runs'][number];

/** Everything of a workspace's ledger that can be drawn over recall, newest first. */
export async function curvesOf(root: string, records: readonly LedgerRecord[]): Promise<CurvesData> {
  const accepted = acceptedRuns(records);
  const stories = storiesOf(records);
  const measurements = recordsOf(records, 'measurement').reverse();
  const runs = await Promise.all(stories.map((story) => runEntry(root, story)));
  const entries = [...runs, ...measurements.map(measurementEntry)];
  return {
    runs: entries.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0)),
    series: [
      ...stories.flatMap((story) => runSeries(story, accepted.has(story.run.runId))),
      ...measurements.map(measuredSeries),
    ],
  };
}

async function runEntry(root: string, story: RunStory): Promise<RunEntry> {
  const { run } = story;
  return {
    id: run.runId,
    at: run.at,
    title: `${listed(run.modules)}, ${formatTime(run.at)}`,
    status: await statusOf(root, story),
    machine: machineText(run.machine),
    compiler: run.compiler.version,
    windows: run.datasets.map(({ name, window }) => ({ dataset: name, window })),
  };
}

function measurementEntry({
  runId,
  at,
  machine,
  compiler,
  dataset,
  against,
}: RecordOf<'measurement'>): RunEntry {
  return {
    id: runId,
    at,
    title: `${against === undefined ? 'Benchmark' : 'Benchmark on save'}, ${formatTime(at)}`,
    status: 'done',
    machine: machineText(machine),
    compiler: compiler.version,
    windows: [{ dataset: dataset.name, window: dataset.window }],
  };
}

function machineText(machine: Readonly<Record<string, unknown>>): string {
  const { cpu, cores } = machine;
  return [typeof cpu === 'string' ? cpu : 'unknown processor', ...(cores ? [`${cores} cores`] : [])].join(
    ', ',
  );
}

/** Runs whose result went into the code: applied by the run itself, or accepted hunk by hunk. */
function acceptedRuns(records: readonly LedgerRecord[]): ReadonlySet<string> {
  const applied = recordsOf(records, 'run-end').filter((end) => end.applied);
  const latest = new Map<string, RecordOf<'signal'>>();
  for (const signal of recordsOf(records, 'signal')) {
    latest.set(JSON.stringify([signal.runId, signal.candidateId, signal.file, signal.hunk]), signal);
  }
  const kept = [...latest.values()].filter(({ signal }) => signal === 'accepted' || signal === 'rewritten');
  return new Set([...applied, ...kept].map(({ runId }) => runId));
}

function runSeries(story: RunStory, accepted: boolean): CurveSeries[] {
  const { total, modules, run } = story;
  const candidates = modules.flatMap((module) => module.candidates);
  const together = (total?.trials ?? []).map(
    (trial): CurveSeries => ({
      ...finalSeries(run.runId, trial),
      id: `${run.runId}/best/${trial.dataset}`,
      candidate: 'best',
      module: null,
      name: `${accepted ? 'accepted' : 'best'}, ${listed(run.modules)}`,
      role: accepted ? 'accepted' : 'winner',
      change: changeSummary(total?.patch ?? null),
    }),
  );
  return [
    ...referenceSeries(story),
    ...together,
    ...candidates.flatMap((candidate) => candidateSeries(run, candidate)),
  ];
}

/** The reference once per dataset: as confirmed, else as it was measured beside the first candidate. */
function referenceSeries({ run, total, modules }: RunStory): CurveSeries[] {
  // Later modules are measured against the winners before them.
  const [first] = modules.filter(({ candidates }) => candidates.length > 0);
  return run.datasets.flatMap(({ name, n }): CurveSeries[] => {
    const final = total?.trials.find(({ dataset }) => dataset === name);
    const trial = (first?.candidates ?? [])
      .flatMap((candidate) => measuredTrials(candidate))
      .find(({ dataset, rows }) => dataset === name && rows === n);
    const comparison = final?.comparison ?? trial?.comparison;
    if (comparison === undefined) return [];
    return [
      {
        id: `${run.runId}/reference/${name}`,
        run: run.runId,
        candidate: null,
        module: null,
        name: 'reference',
        dataset: name,
        role: 'reference',
        mode: comparison.mode,
        points: byRecall(comparison.reference),
        intervals: [],
        gain: null,
        costs: final?.costs.reference ?? null,
        change: null,
      },
    ];
  });
}

/** A candidate wherever it was measured on a whole dataset; a module's winner as it was confirmed. */
function candidateSeries(run: RunStory['run'], candidate: CandidateStory): CurveSeries[] {
  const { id, group, won, judgement, confirmation, completion } = candidate;
  const accepted = judgement?.verdict.kind === 'accepted';
  const own = {
    candidate: id,
    module: group.module,
    name: `${id}${won ? `, winner of ${group.module}` : ''}`,
    role: won ? ('winner' as const) : accepted ? ('candidate' as const) : ('rejected' as const),
    change: changeSummary(completion.patch),
  };
  if (won && confirmation !== undefined) {
    return confirmation.trials.map((trial) => ({
      ...finalSeries(run.runId, trial),
      id: `${run.runId}/${id}/${trial.dataset}`,
      ...own,
    }));
  }
  const whole = measuredTrials(candidate).filter(({ dataset, rows }) =>
    run.datasets.some(({ name, n }) => name === dataset && n === rows),
  );
  return whole.map(({ dataset, comparison, costs }) => ({
    id: `${run.runId}/${id}/${dataset}`,
    run: run.runId,
    ...own,
    dataset,
    mode: comparison.mode,
    points: byRecall(comparison.candidate),
    intervals: qpsIntervals(comparison),
    gain: comparison.logRatio,
    costs,
  }));
}

function finalSeries(
  run: string,
  { dataset, comparison, costs }: FinalTrial,
): Pick<CurveSeries, 'run' | 'dataset' | 'mode' | 'points' | 'intervals' | 'gain' | 'costs'> {
  return {
    run,
    dataset,
    mode: comparison.mode,
    points: byRecall(comparison.candidate),
    intervals: qpsIntervals(comparison),
    gain: comparison.logRatio,
    costs: costs.candidate,
  };
}

function measuredSeries({ runId, at, dataset, points, against }: RecordOf<'measurement'>): CurveSeries {
  return {
    id: `${runId}/measured/${dataset.name}`,
    run: runId,
    candidate: null,
    module: null,
    name: `measured ${formatTime(at)}`,
    dataset: dataset.name,
    role: 'measured',
    mode: against === undefined ? 'paired' : 'resident',
    points: byRecall(points).map(({ ef, recall, secondsPerQuery, qps }) => ({
      ef,
      recall,
      secondsPerQuery,
      qps,
    })),
    intervals:
      against === undefined
        ? byRecall(points).flatMap(({ recall, qpsInterval }) =>
            qpsInterval === undefined ? [] : [{ recall, ...qpsInterval }],
          )
        : qpsIntervals(against),
    gain: against?.logRatio ?? null,
    costs: null,
    change: null,
  };
}

const shownLines = 12;

/** Lines added and removed, and the first lines of the diff. */
function changeSummary(patch: string | null): CurveSeries['change'] {
  if (patch === null) return null;
  const diff = patch.split('\n').filter((line) => !/^(?:Index: |={3,}$)/.test(line));
  const lines = diff.filter((line) => !/^(?:---|\+\+\+) /.test(line));
  return {
    added: lines.filter((line) => line.startsWith('+')).length,
    removed: lines.filter((line) => line.startsWith('-')).length,
    text: diff.slice(0, shownLines).join('\n'),
  };
}
