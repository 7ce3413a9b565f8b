import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

/** What the server does with one chat request. */
export type Behaviour =
  /** Answers in full. `text` in place of the next recorded completion; `finish` in place of `stop`. */
  | { readonly kind: 'answer'; readonly text?: string; readonly finish?: string }
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: OutgoingHttpHeaders;
    }
  /** Goes on in one of four wrong ways, before the first text or in the middle of it. */
  | { readonly kind: 'stall' | 'truncate' | 'reset' | 'invalid-json'; readonly after: 'nothing' | 'text' }
  /** An error inside the stream, after the response has begun well. */
  | { readonly kind: 'error-in-stream'; readonly error: unknown }
  /** A page, as of a captive portal. */
  | { readonly kind: 'page' };

export interface ModelServerOptions {
  /** Completions by module that the prompt is about, handed out in turn; `any` where no module is found. */
  readonly completions?: Partial<Readonly<Record<ModuleOfPrompt, readonly string[]>>>;
  /** For the chat requests in order; those after the last are answered. */
  readonly script?: readonly Behaviour[];
  /** Default: honoured. */
  readonly n?: 'honoured' | 'refused' | 'ignored';
  /** Default: given where asked for. */
  readonly logprobs?: 'given' | 'refused' | 'ignored';
  /** The server says that it is vLLM and gives token ids where asked for; default: no. */
  readonly tokenIds?: boolean;
  /** Default: given where asked for. */
  readonly usage?: 'given' | 'refused' | 'ignored';
  /** Parameters that are refused by name with a 400. */
  readonly refuses?: readonly string[];
  /** Requests without it get a 401. */
  readonly key?: string;
  /** Other models get a 404. */
  readonly model?: string;
  /** Answers in one piece although a stream is asked for. */
  readonly whole?: boolean;
  readonly port?: number;
}

export type ModuleOfPrompt = 'construction' | 'search' | 'refinement' | 'any';

export interface ChatBody {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly n?: number;
  readonly logprobs?: boolean;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly return_token_ids?: boolean;
  readonly [parameter: string]: unknown;
}

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** As it came. */
  readonly text: string;
  /** Of chat requests. */
  readonly body: ChatBody;
  /** Whether the client waited for the end of the answer. */
  readonly closed: Promise<'answered' | 'gone'>;
}
