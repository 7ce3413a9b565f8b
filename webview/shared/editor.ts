interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** The editor's side, as a page sees it. The api object can be had once, and is nowhere else. */
export interface Editor<Message, State> {
  post(message: Message): void;
  /** Undefined at first, and where what was kept is none of ours. */
  kept(): State | undefined;
  keep(state: State): void;
}

export function connectEditor<Message, State>(
  parse: (state: unknown) => State | undefined,
): Editor<Message, State> {
  const api = acquireVsCodeApi();
  return {
    post: (message) => api.postMessage(message),
    kept: () => parse(api.getState()),
    keep: (state) => api.setState(state),
  };
}
