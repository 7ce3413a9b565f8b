import type { Change } from '../../protocol/engine.ts';
import type { Localize } from '../localize.ts';
import type { Refusal } from './anchor.ts';
import { sizeOf } from './markup.ts';
import type { HunkRef, ReviewSession } from './session.ts';

/** Reasons listed in one warning. */
const mostListed = 5;

/** The module, or what a candidate that spans modules is called. */
export function subject({ module, candidate }: Change): string {
  return module ?? candidate;
}

/** `search: hunk 2 of 5, +12 −3`. */
export function hunkLabel(session: ReviewSession, hunk: HunkRef, l10n: Localize): string {
  const { added, removed } = sizeOf(hunk.file.hunks[hunk.index]!);
  return l10n.t(
    '{0}: hunk {1} of {2}, {3}',
    subject(session.change),
    session.numberOf(hunk),
    session.all.length,
    `+${added} −${removed}`,
  );
}

/** Why the hunk makes the code faster. Parts are not tied to hunks: several are told once, at the first hunk. */
export function causesAt(session: ReviewSession, hunk: HunkRef): string[] {
  const { parts } = session.change;
  if (parts.length <= 1) return parts.map(({ cause }) => cause);
  return session.numberOf(hunk) === 1 ? parts.map(({ part, cause }) => `${part}: ${cause}`) : [];
}

export function refusalText(reason: Refusal, l10n: Localize): string {
  switch (reason) {
    case 'edited':
      return l10n.t('its lines, or lines next to them, were edited');
    case 'inserted':
      return l10n.t('other lines were inserted at its place');
    case 'different':
      return l10n.t('the file has become too different');
    case 'missing':
      return l10n.t('the file is not there any more');
  }
}

/** One sentence with every hunk that has no place in the code as it is; undefined where there is none. */
export function refusedText(session: ReviewSession, l10n: Localize): string | undefined {
  const { refused } = session;
  if (refused.length === 0) return undefined;
  const listed = refused
    .slice(0, mostListed)
    .map((hunk) =>
      l10n.t('{0}, hunk {1}: {2}', hunk.file.file, session.numberOf(hunk), refusalText(hunk.reason, l10n)),
    );
  const rest = refused.length - listed.length;
  const more = rest > 0 ? [l10n.t('and {0} more', rest)] : [];
  const what =
    refused.length === 1
      ? l10n.t('1 hunk of {0} cannot be applied to your code as it is', subject(session.change))
      : l10n.t(
          '{0} hunks of {1} cannot be applied to your code as it is',
          refused.length,
          subject(session.change),
        );
  return `${what}. ${[...listed, ...more].join('; ')}.`;
}

/** Shown in the status bar after hunks were accepted. */
export function acceptedText(count: number, left: number, l10n: Localize): string {
  if (left > 0) return l10n.t('Hunk accepted, {0} left', left);
  if (count === 1) return l10n.t('1 hunk accepted; save to benchmark');
  return l10n.t('{0} hunks accepted; save to benchmark', count);
}

/** `5 in 2 files`, or just `5`. */
export function pendingText(session: ReviewSession, l10n: Localize): string {
  const { pending } = session;
  const files = new Set(pending.map(({ file }) => file)).size;
  return files > 1 ? l10n.t('{0} in {1} files', pending.length, files) : String(pending.length);
}
