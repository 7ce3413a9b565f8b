import type { EstimateMode, RecallWindow } from './measurement.ts';

/** What the script of a report's page draws. Everything else on the page is there without it. */

export interface ReportCurvePoint {
  readonly ef: number;
  readonly recall: number;
  readonly qps: number;
}

/** QPS at one recall with its 95 % interval. */
export interface ReportInterval {
  readonly recall: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface ReportSeries {
  readonly name: string;
  readonly role: 'reference' | 'winner' | 'accepted' | 'rejected';
  readonly mode: EstimateMode;
  /** By recall. */
  readonly points: readonly ReportCurvePoint[];
  readonly intervals: readonly ReportInterval[];
}

export interface ReportCurves {
  readonly kind: 'curves';
  /** Of the canvas. */
  readonly id: string;
  readonly window: RecallWindow;
  readonly series: readonly ReportSeries[];
}

/** Ratio of QPS, candidate over reference, at equal recall. */
export interface ReportSpeedup {
  readonly kind: 'speedup';
  readonly id: string;
  readonly window: RecallWindow;
  readonly ratios: readonly ReportInterval[];
}

export type ReportChart = ReportCurves | ReportSpeedup;

export interface ReportData {
  readonly charts: readonly ReportChart[];
}
