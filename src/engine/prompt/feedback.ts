import type { RecallWindow } from '../../protocol/measurement.ts';
import type { PastCandidate } from '../../protocol/policy.ts';
import type { Item } from './budget.ts';
import { scoreOf } from './exemplars.ts';
import { curveTable, fenced } from './markdown.ts';
import { type ScrubSettings, scrubCode, scrubText } from './scrub.ts';

/** Attempts that are told of, at most. */
export const mostFeedback = 8;
const mostDetailLines = 16;
const mostDetailCharacters = 1600;
const mostPatchLines = 60;

const outcomes: Readonly<Record<string, string>> = {
  'does-not-parse': 'the answer could not be read',
  'does-not-apply': 'the change does not fit the files',
  'does-not-compile': 'it does not compile',
  crash: 'it crashed',
  timeout: 'it ran past its time',
  memory: 'it ran out of memory',
  'wrong-answers': 'its answers are wrong',
  cheat: 'it broke a rule of the measurement',
  recall: 'its recall is too low',
  'build-cost': 'its build takes too much time or memory',
  slower: 'it is slower than the reference',
  sanitizer: 'a sanitizer found an error',
  'not-confirmed': 'its gain did not hold when it was measured again',
  style: 'its code would not be kept',
};

/** Attempts of this run that failed or were slower, most recent first. */
export function setbacks(past: readonly PastCandidate[]): PastCandidate[] {
  return past
    .filter(
      ({ round, verdict, gain }) =>
        round >= 1 &&
        (verdict.kind === 'rejected' || (verdict.kind === 'accepted' && gain !== null && gain.value < 0)),
    )
    .reverse()
    .slice(0, mostFeedback);
}

/** What came of attempts: the reason, what the check said, the curve where there is one, and the change itself. */
export function feedbackItems(
  past: readonly PastCandidate[],
  { window, scrub }: { readonly window: RecallWindow; readonly scrub: ScrubSettings },
): Item[] {
  return setbacks(past).map(({ round, verdict, gain, points, patch }, i): Item => {
    const reason = verdict.kind === 'rejected' ? verdict.reason : 'slower';
    const said = outcomes[reason] ?? reason.replaceAll('-', ' ');
    const check = verdict.kind === 'rejected' ? ` (check: ${verdict.check})` : '';
    const score = gain === null ? '' : ` Score ${scoreOf(gain).toFixed(2)}.`;
    const detail = verdict.kind === 'rejected' ? trimmed(scrubText(verdict.detail, scrub)) : '';
    const table = curveTable(points, window);
    const head = [
      `### Attempt ${i + 1}, of round ${round}: ${said}${check}.${score}`,
      ...(detail === '' ? [] : [fenced(detail, 'text')]),
      ...(table === '' ? [] : [table]),
    ].join('\n\n');
    return { head, body: patch === null ? [] : patchLines(scrubCode(patch, scrub)), render: renderAttempt };
  });
}

function renderAttempt(head: string, body: readonly string[]): string {
  return body.length === 0 ? head : `${head}\n\nIts change:\n\n${fenced(body.join('\n'), 'diff')}`;
}

/** The start of a message: of a compiler's errors the first one is the cause of most others. */
function trimmed(detail: string): string {
  const lines = detail.trim().split('\n');
  const start = lines.slice(0, mostDetailLines).join('\n').slice(0, mostDetailCharacters);
  return start.length < detail.trim().length ? `${start}\n[cut here]` : start;
}

function patchLines(patch: string): string[] {
  const lines = patch.trimEnd().split('\n');
  return lines.length <= mostPatchLines
    ? lines
    : [...lines.slice(0, mostPatchLines), `[cut here: ${lines.length - mostPatchLines} more lines]`];
}
