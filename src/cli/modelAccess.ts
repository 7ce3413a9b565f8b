import type { ModelAccess } from '../engine/openPolicy.ts';
import { mayBeSent } from './consent.ts';
import type { CommandContext } from './context.ts';
import { type ModelOptions, modelSettings } from './modelOptions.ts';

/** How a command reaches models: by its options, with the key of the environment, with the user's consent. */
export function modelAccess(
  options: ModelOptions,
  { output, services, signal }: CommandContext,
): ModelAccess {
  return {
    settings: modelSettings(options),
    environment: process.env,
    clock: services.clock,
    consent: (question) => mayBeSent(question, { given: options.consent ?? false, output, signal }),
    onLine: (line) => output.debug(line),
  };
}
