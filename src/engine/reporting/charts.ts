import type { FinalTrial } from '../../protocol/ledger.ts';
import type { CurvePoint, RecallWindow } from '../../protocol/measurement.ts';
import type { ReportCurvePoint, ReportCurves, ReportSeries, ReportSpeedup } from '../../protocol/report.ts';
import type { CandidateStory, MeasuredTrial } from './runStory.ts';

type Measured = FinalTrial['comparison'];

/** In the order in which a curve is drawn. */
export function byRecall<P extends Pick<CurvePoint, 'recall' | 'ef'>>(points: readonly P[]): P[] {
  return [...points].sort((a, b) => a.recall - b.recall || a.ef - b.ef);
}

function reportPoints(points: readonly CurvePoint[]): ReportCurvePoint[] {
  return byRecall(points).map(({ ef, recall, qps }) => ({ ef, recall, qps }));
}

function referenceSeries({ reference, mode }: Measured, name: string): ReportSeries {
  return { name, role: 'reference', mode, points: reportPoints(reference), intervals: [] };
}

/** The interval of the ratio, put on the candidate's QPS. */
export function qpsIntervals({ speedupAt }: Pick<Measured, 'speedupAt'>): ReportSeries['intervals'] {
  return speedupAt.map(({ recall, ratio, referenceQps, candidateQps }) => ({
    recall,
    value: candidateQps,
    low: referenceQps * ratio.low,
    high: referenceQps * ratio.high,
  }));
}

/** Before and after, as confirmed. */
export function confirmedCurves(id: string, { comparison }: FinalTrial, window: RecallWindow): ReportCurves {
  const { candidate, mode } = comparison;
  const after: ReportSeries = {
    name: 'after',
    role: 'winner',
    mode,
    points: reportPoints(candidate),
    intervals: qpsIntervals(comparison),
  };
  return { kind: 'curves', id, window, series: [referenceSeries(comparison, 'before'), after] };
}

export function speedupChart(id: string, { comparison }: FinalTrial, window: RecallWindow): ReportSpeedup {
  const ratios = comparison.speedupAt.map(({ recall, ratio }) => ({ recall, ...ratio }));
  return { kind: 'speedup', id, window, ratios };
}

/** A candidate on one dataset at one number of rows. */
export interface CandidateTrial {
  readonly candidate: CandidateStory;
  readonly trial: MeasuredTrial;
}

/** The candidates of a module over the reference that was measured beside the first of them. */
export function candidateCurves(
  id: string,
  trials: readonly [CandidateTrial, ...CandidateTrial[]],
  window: RecallWindow,
): ReportCurves {
  const series = trials.map(({ candidate, trial }): ReportSeries => {
    const { comparison } = trial;
    const accepted = candidate.judgement?.verdict.kind === 'accepted';
    const role = candidate.won ? 'winner' : accepted ? 'accepted' : 'rejected';
    return {
      name: candidate.id,
      role,
      mode: comparison.mode,
      points: reportPoints(comparison.candidate),
      intervals: candidate.won ? qpsIntervals(comparison) : [],
    };
  });
  return {
    kind: 'curves',
    id,
    window,
    series: [referenceSeries(trials[0].trial.comparison, 'reference'), ...series],
  };
}
