import type { Change, CurvesData, RunView } from '../../protocol/engine.ts';
import type { SpeedupAt } from '../../protocol/measurement.ts';
import { formatBytes, formatQps } from '../../protocol/numberText.ts';
import type { Localize } from '../localize.ts';
import { formatEstimate, formatRatio, formatTime } from '../views/model/format.ts';
import { modulesTitle, moduleTitle } from '../views/model/moduleTitle.ts';
import { reasonText, verdictDetail, verdictWord } from '../views/model/verdictText.ts';
import { changeDiff } from './changeDiff.ts';
import { fenced, firstLines, inlineCode } from './markdown.ts';
import type { Subject } from './subject.ts';

/** What the ledger says of a result, each part in the order of importance, as Markdown. The user is shown all of it. */
export interface Facts {
  /** Verdict, numbers, names of parts: no code and no words that may quote some. All that a chat's model is given. */
  readonly text: string;
  /** What the policy, a check, a compiler or a comment said, word for word; empty where nothing was. May hold code. */
  readonly quotes: string;
  /** The change as a unified diff in a fence; empty where there is none. */
  readonly diff: string;
  /** Paths that the diff is of. */
  readonly files: readonly string[];
}

export interface FactSources {
  readonly subject: Subject;
  /** Undefined where the result changes nothing, or its texts are gone. */
  readonly change: Change | undefined;
  readonly curves: CurvesData | undefined;
}

/** Lines of a diff or of a compiler's words that an answer shows; the rest is a click away. */
const shownLines = { diff: 120, detail: 20, reasoning: 40 };

export function factsOf({ subject, change, curves }: FactSources, l10n: Localize): Facts {
  const { run } = subject;
  const sections = [
    titleOf(subject, l10n),
    ...verdictFacts(subject, l10n),
    ...gainFacts(subject, change, l10n),
    ...costFacts(subject, curves, l10n),
    ...partFacts(change, l10n),
    l10n.t(
      'Run {0} of {1}: {2} on {3}, policy {4}.',
      inlineCode(run.id),
      formatTime(run.at),
      modulesTitle(run.modules, l10n),
      run.datasets.join(', '),
      inlineCode(run.policy),
    ),
    run.applied
      ? l10n.t('It was applied to your files.')
      : l10n.t('Your files are as they were: review the change and accept what you want to keep.'),
  ];
  const quotes = [
    ...summaryQuote(subject, l10n),
    ...detailQuote(subject, l10n),
    ...causeQuotes(change, l10n),
    ...reasoningQuotes(change, l10n),
  ];
  return { text: sections.join('\n\n'), quotes: quotes.join('\n\n'), ...diffFacts(change, l10n) };
}

/** The whole of it, as the chat's answer shows it. */
export function factsShown({ text, quotes, diff }: Facts): string {
  return [text, quotes, diff].filter((part) => part !== '').join('\n\n');
}

function titleOf({ run, candidate, view }: Subject, l10n: Localize): string {
  if (candidate === 'best') {
    return `### ${l10n.t('Everything of run {0} together: confirmed', inlineCode(run.id))}`;
  }
  const word = view === null ? '' : `: ${verdictWord(view, run.status === 'active', l10n)}`;
  return `### ${l10n.t('Candidate {0}', inlineCode(candidate))}${word}`;
}

function verdictFacts({ view }: Subject, l10n: Localize): string[] {
  if (view === null) return [];
  const { verdict, module } = view;
  const about = l10n.t('Module: {0}', moduleTitle(module, l10n));
  return verdict?.kind === 'rejected'
    ? [about, l10n.t('Check {0}: {1}.', inlineCode(verdict.check), reasonText(verdict.reason, l10n))]
    : [about];
}

/** The playbook's edit program, or the beginning of a model's answer. */
function summaryQuote({ view }: Subject, l10n: Localize): string[] {
  return view === null ? [] : [l10n.t('What was proposed: {0}', inlineCode(view.summary))];
}

function detailQuote({ view }: Subject, l10n: Localize): string[] {
  const detail = verdictDetail(view?.verdict ?? null) ?? '';
  const found = l10n.t('What was found:');
  return detail === '' ? [] : [`${found}\n\n${fenced(firstLines(detail, shownLines.detail).text)}`];
}

function gainFacts({ run, candidate, view }: Subject, change: Change | undefined, l10n: Localize): string[] {
  const whole = candidate === 'best';
  const gain = whole ? run.gain : (change?.gain ?? view?.gain ?? null);
  if (gain === null) return [l10n.t('No gain was measured.')];
  const held = whole ? true : (view?.confirmed ?? null);
  return [
    l10n.t('Gain {0}, 95 % interval.', `**${formatEstimate(gain)}**`),
    ...(held === null
      ? []
      : [
          held
            ? l10n.t('Confirmed by fresh processes, a fresh seed and held-out queries.')
            : l10n.t('Fresh processes, a fresh seed and held-out queries did not confirm it.'),
        ]),
    ...(whole ? speedupFacts(run.speedup, l10n) : []),
  ];
}

function speedupFacts(speedup: readonly SpeedupAt[], l10n: Localize): string[] {
  const lines = speedup.map(({ recall, ratio, referenceQps, candidateQps }) => {
    const [from, to] = [formatQps(referenceQps), formatQps(candidateQps)];
    return `- ${l10n.t('At recall {0}: {1}, from {2} to {3} QPS.', recall, formatRatio(ratio), from, to)}`;
  });
  return lines.length === 0 ? [] : [lines.join('\n')];
}

/** Of the first dataset that the run measured it on. */
function costFacts({ run, candidate }: Subject, curves: CurvesData | undefined, l10n: Localize): string[] {
  const own = curves?.series.filter((series) => series.run === run.id) ?? [];
  const costs = own.find((series) => series.candidate === candidate && series.costs !== null)?.costs;
  if (costs === undefined || costs === null) return [];
  const reference = own.find(({ role, costs: other }) => role === 'reference' && other !== null)?.costs;
  const seconds = (of: typeof costs): string => (of.buildCpuSeconds + of.prepareCpuSeconds).toFixed(1);
  const line = l10n.t(
    'Costs: {0} CPU seconds to build the index, {1} of memory.',
    seconds(costs),
    formatBytes(costs.memoryBytes),
  );
  const before =
    reference === undefined || reference === null
      ? ''
      : ` ${l10n.t('The reference: {0} CPU seconds, {1}.', seconds(reference), formatBytes(reference.memoryBytes))}`;
  return [`${line}${before}`];
}

function partFacts(change: Change | undefined, l10n: Localize): string[] {
  const parts = change?.parts ?? [];
  if (parts.length === 0) return [];
  const lines = parts.map(({ part, gain }) => {
    const measured = gain === null ? l10n.t('not measured alone') : formatEstimate(gain);
    return `- ${inlineCode(part)}: ${measured}`;
  });
  return [`${l10n.t('What it is made of:')}\n${lines.join('\n')}`];
}

/** A model's part has the first comment of its code as its cause. */
function causeQuotes(change: Change | undefined, l10n: Localize): string[] {
  const parts = change?.parts ?? [];
  if (parts.length === 0) return [];
  const lines = parts.map(({ part, cause }) => `- ${inlineCode(part)}: ${cause}`);
  return [`${l10n.t('What each part is for:')}\n${lines.join('\n')}`];
}

function reasoningQuotes(change: Change | undefined, l10n: Localize): string[] {
  const quoted = (title: string, text: string): string[] =>
    text.trim() === ''
      ? []
      : [
          `${title}\n${firstLines(text.trim(), shownLines.reasoning)
            .text.split('\n')
            .map((line) => `> ${line}`)
            .join('\n')}`,
        ];
  return [
    ...quoted(l10n.t('The model’s analysis, which nobody has checked:'), change?.analysis ?? ''),
    ...quoted(l10n.t('The model’s design:'), change?.design ?? ''),
  ];
}

function diffFacts(change: Change | undefined, l10n: Localize): Pick<Facts, 'diff' | 'files'> {
  const changed = change?.files.filter(({ base, text }) => base !== text) ?? [];
  if (changed.length === 0) return { diff: '', files: [] };
  const { text, more } = firstLines(changeDiff(changed), shownLines.diff);
  const rest = more === 0 ? '' : `\n\n${l10n.t('{0} more lines: open the diff.', more)}`;
  return { diff: `${fenced(text, 'diff')}${rest}`, files: changed.map(({ file }) => file) };
}

/** A run that has nothing to explain. */
export function emptyRunText(run: RunView, l10n: Localize): string {
  const about = l10n.t('Run {0} has no candidate yet.', inlineCode(run.id));
  return run.error === null ? about : `${about}\n\n${fenced(run.error)}`;
}
