/** The colours that every chart over recall needs; the pages read them from their style sheets. */
export interface ChartTheme {
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly surface: string;
  /** Of the recall window behind the curves. */
  readonly window: string;
}
