import { jsonLines } from './jsonLines.ts';
import { isPrompted, type PromptedRow, passed, type Selection } from './selection.ts';

/**
 * The best of each group, to be imitated: it passed every check, is faster than the reference, and came to its end.
 * `confirmedOnly`: the gain was found again with fresh processes and held-out queries. A completion that passed only
 * after it was asked again is left out, since its second answer was to another prompt.
 */
export function sftSelection(selection: Selection, confirmedOnly: boolean): Selection {
  const good = selection
    .keep('not-accepted', passed)
    .keep('not-faster', ({ gain }) => gain !== null && gain.value > 0)
    .keep('not-confirmed', ({ confirmed }) => !confirmedOnly || confirmed === true)
    .keep('truncated', ({ truncated }) => !truncated);
  const best = new Set(
    good.groups().map((group) => group.reduce((a, b) => (b.gain!.value > a.gain!.value ? b : a))),
  );
  return good.keep('not-best-of-group', (row) => best.has(row));
}

/**
 * JSON Lines in TRL's conversational prompt-completion form, for `SFTTrainer`: `prompt` and `completion` are what it
 * reads; the loss is on the completion alone. `gain` is ln(AUC candidate / AUC reference).
 */
export function sftLines(selection: Selection): string {
  return jsonLines(selection.rows.filter(isPrompted).map(sftLine));
}

function sftLine(row: PromptedRow): object {
  return {
    prompt: row.prompt.map(({ role, content }) => ({ role, content })),
    completion: [{ role: 'assistant', content: row.text }],
    module: row.module,
    policy: row.policy.id,
    run: row.run,
    candidate: row.candidate,
    gain: row.gain?.value ?? null,
    confirmed: row.confirmed,
  };
}
