import type { CurvesState, CurvesTarget } from '../../src/protocol/curvesMessages.ts';
import type { CurveSeries, CurvesData, SeriesRole } from '../../src/protocol/engine.ts';
import type { RecallWindow } from '../../src/protocol/measurement.ts';
import { type ModuleName, moduleNames } from '../../src/protocol/module.ts';
import { roleOrder } from './look.ts';

export type Run = CurvesData['runs'][number];
/** Roles that can be switched off; references and winners are what the others are looked at against. */
export type OptionalRole = keyof CurvesState['roles'];

/** What the page shows of the data in a state. */
export interface View {
  readonly datasets: readonly string[];
  readonly dataset: string | null;
  /** Those that any candidate on the dataset changes. */
  readonly modules: readonly ModuleName[];
  /** Runs with a curve on the dataset, newest first. */
  readonly runs: readonly (Run & { readonly shown: boolean })[];
  readonly roles: readonly { readonly role: OptionalRole; readonly count: number; readonly shown: boolean }[];
  /** What the filters let through, in order. */
  readonly listed: readonly CurveSeries[];
  /** Without those that are switched off one by one. */
  readonly shown: readonly CurveSeries[];
  readonly selected: CurveSeries | undefined;
  /** Different recall windows of the runs shown. */
  readonly windows: readonly RecallWindow[];
}

const optionalRoles: readonly OptionalRole[] = ['accepted', 'candidate', 'rejected', 'measured'];

export function firstState(root: string): CurvesState {
  return {
    version: 1,
    root,
    dataset: null,
    module: null,
    runs: null,
    roles: { measured: true, accepted: true, candidate: true, rejected: false },
    hidden: [],
    selected: null,
    tables: true,
    scroll: 0,
  };
}

export function viewOf(data: CurvesData, state: CurvesState): View {
  const datasets = [...new Set(data.series.map(({ dataset }) => dataset))];
  const wanted = state.dataset;
  const dataset = wanted !== null && datasets.includes(wanted) ? wanted : (datasets[0] ?? null);
  const here = data.series.filter((series) => series.dataset === dataset);
  const rows = runsOf(data, here);
  const chosen = new Set(state.runs ?? newest(rows, here));
  const inRuns = here.filter(({ run }) => chosen.has(run));
  const inModule = inRuns.filter(
    ({ module }) => state.module === null || module === null || module === state.module,
  );
  const position = new Map(rows.map(({ id }, i) => [id, i]));
  const listed = inModule
    .filter(({ role }) => !isOptional(role) || state.roles[role])
    .sort((a, b) => position.get(a.run)! - position.get(b.run)! || before(a, b));
  const hidden = new Set(state.hidden);
  return {
    datasets,
    dataset,
    modules: moduleNames.filter((name) => here.some(({ module }) => module === name)),
    runs: rows.map((row) => ({ ...row, shown: chosen.has(row.id) })),
    roles: optionalRoles
      .map((role) => ({
        role,
        count: inModule.filter((series) => series.role === role).length,
        shown: state.roles[role],
      }))
      .filter(({ count }) => count > 0),
    listed,
    shown: listed.filter(({ id }) => !hidden.has(id)),
    selected: listed.find(({ id }) => id === state.selected),
    windows: windowsOf(
      rows.filter(({ id }) => chosen.has(id)),
      dataset,
    ),
  };
}

/** Runs of the series, newest first. One that the data do not describe is called by its id. */
function runsOf({ runs }: CurvesData, series: readonly CurveSeries[]): Run[] {
  const present = new Set(series.map(({ run }) => run));
  const known = runs.filter(({ id }) => present.delete(id));
  const unknown = [...present].map((id): Run => {
    return { id, at: '', title: id, status: 'done', machine: '', compiler: '', windows: [] };
  });
  return [...known, ...unknown];
}

/** The newest run that says more than how fast the workspace was. */
function newest(rows: readonly Run[], series: readonly CurveSeries[]): string[] {
  const compares = new Set(series.filter(({ role }) => role !== 'measured').map(({ run }) => run));
  const row = rows.find(({ id }) => compares.has(id)) ?? rows[0];
  return row === undefined ? [] : [row.id];
}

function isOptional(role: SeriesRole): role is OptionalRole {
  return (optionalRoles as readonly SeriesRole[]).includes(role);
}

/** Reference first, as everything is read against it; then by role, best first. */
function before(a: CurveSeries, b: CurveSeries): number {
  const rank = ({ role }: CurveSeries): number => (role === 'reference' ? -1 : roleOrder.indexOf(role));
  return rank(a) - rank(b) || (b.gain?.value ?? -Infinity) - (a.gain?.value ?? -Infinity) || 0;
}

function windowsOf(runs: readonly Run[], dataset: string | null): RecallWindow[] {
  const all = runs.flatMap(({ windows }) =>
    windows.filter((one) => one.dataset === dataset).map(({ window }) => window),
  );
  return [...new Map(all.map((window) => [window.join(), window])).values()];
}

/** The state that shows what a command was invoked on, as far as there are curves of it. */
export function stateFor(data: CurvesData, state: CurvesState, target: CurvesTarget): CurvesState {
  const { run, candidate, module } = target;
  const matches = data.series.filter(
    (series) =>
      (run === undefined || series.run === run) &&
      (target.dataset === undefined || series.dataset === target.dataset),
  );
  const ofCandidate = matches.filter((series) => candidate !== undefined && series.candidate === candidate);
  const found = ofCandidate.find(({ dataset }) => dataset === state.dataset) ?? ofCandidate[0] ?? matches[0];
  if (found === undefined) return state;
  const selected = ofCandidate.length > 0 ? found : undefined;
  const keepsDataset =
    matches.some(({ dataset }) => dataset === state.dataset) && target.dataset === undefined;
  return {
    ...state,
    dataset: selected?.dataset ?? (keepsDataset ? state.dataset : found.dataset),
    module: module ?? null,
    runs: run === undefined ? state.runs : [run],
    roles:
      selected !== undefined && isOptional(selected.role)
        ? { ...state.roles, [selected.role]: true }
        : state.roles,
    hidden: state.hidden.filter((id) => id !== selected?.id),
    selected: selected?.id ?? state.selected,
  };
}

/** Everything that there is on the dataset. */
export function stateForAll(data: CurvesData, state: CurvesState): CurvesState {
  return {
    ...state,
    module: null,
    runs: [...new Set(data.series.map(({ run }) => run))],
    roles: { measured: true, accepted: true, candidate: true, rejected: true },
    hidden: [],
  };
}
