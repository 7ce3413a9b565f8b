import type { Localize } from '../localize.ts';

/** What the engine, which speaks for the terminal, says about native parts that are missing or do not fit. */
const script = 'npm run build:native';

/** What to do next, in the editor's words: an installed extension has a command where a checkout has a script. */
export function fixText(fix: string, l10n: Localize): string {
  return fix.includes(script) ? l10n.t('Run the command "Annsmith: Build Native Parts".') : fix;
}
