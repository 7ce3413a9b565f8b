import { type CurvesState, parseCurvesState, type ToHost } from '../../src/protocol/curvesMessages.ts';

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** The editor's side, as the page sees it. The api object can be had once, and is nowhere else. */
export interface Editor {
  post(message: ToHost): void;
  /** Undefined at first, and where what was kept is none of ours. */
  kept(): CurvesState | undefined;
  keep(state: CurvesState): void;
}

export function connectEditor(): Editor {
  const api = acquireVsCodeApi();
  return {
    post: (message) => api.postMessage(message),
    kept: () => parseCurvesState(api.getState()),
    keep: (state) => api.setState(state),
  };
}
