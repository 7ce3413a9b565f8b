import type { ServerAnswers } from '../policy/answerServer.ts';
import type { ModelEnvironment } from './serverEnvironment.ts';

/** What a server gets from the editor for language models. */
export interface ServerModels {
  /** What it is started with; asked for each start. At once where no key has to be fetched. */
  environment(): ModelEnvironment | Promise<ModelEnvironment>;
  /** What it may ask for. */
  readonly answers: ServerAnswers;
}
