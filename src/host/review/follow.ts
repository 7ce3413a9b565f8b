import type { Standing } from './anchor.ts';
import type { Hunk } from './hunks.ts';

/** A change of a document, as an editor reports it: `length` units at `offset` became `text`. */
export interface TextChange {
  readonly offset: number;
  readonly length: number;
  readonly text: string;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** A place after changes. */
export interface Followed extends Span {
  /** Something changed in it or at its edge; what was put at an edge is inside `start..end`. */
  readonly touched: boolean;
  /** Some change reached from inside to outside, so that the edges are not known any more. */
  readonly blurred: boolean;
  /** The place without what was put at its edges, where nothing inside has changed. */
  readonly core: Span | undefined;
}

/**
 * Moves a place with the text around it. What is put at an edge may be part of the hunk (an editor sends the least that
 * differs) or a neighbour of it; `judge` tells which by what stands there then.
 */
export function follow(place: Span, changes: readonly TextChange[]): Followed {
  let { start, end } = place;
  let core: Span | undefined = { start, end };
  let [touched, blurred] = [false, false];
  for (const change of changes) {
    const { offset, length, text } = change;
    const delta = text.length - length;
    if (offset + length < start) {
      start += delta;
      end += delta;
      core = core && { start: core.start + delta, end: core.end + delta };
    } else if (offset <= end) {
      const kept: Span | undefined = core && atEdge(core, change);
      blurred ||= kept === undefined && (offset < start || offset + length > end);
      touched = true;
      core = kept;
      start = Math.min(start, offset);
      end = Math.max(end, offset + length) + delta;
    }
  }
  return { start, end, touched, blurred, core };
}

/** Where the place is after a change that leaves it alone; undefined if it does not, or if nobody can say. */
function atEdge(place: Span, { offset, length, text }: TextChange): Span | undefined {
  const isPoint = place.start === place.end;
  // Lines put at a point between lines could be meant above or below it; a part of a line belongs to the line below.
  if (isPoint && offset === place.start && length === 0) return text.includes('\n') ? undefined : place;
  if (offset >= place.end) return place;
  if (offset + length > place.start) return undefined;
  const delta = text.length - length;
  return { start: place.start + delta, end: place.end + delta };
}

/**
 * What stands at a place that was touched: the hunk's removed lines, its added lines, or neither (undefined). `before` is
 * what stood there.
 */
export function judge(
  hunk: Hunk,
  text: string,
  followed: Followed,
  before: Standing['kind'],
): Standing | undefined {
  const { start, end, blurred, core } = followed;
  const slice = text.slice(start, end);
  const [removed, added] = [hunk.removed.join(''), hunk.added.join('')];
  if (!blurred && isWholeLines(text, start, end)) {
    if (slice === added) return { kind: 'applied', start, end };
    if (slice === removed) return { kind: 'anchored', start, end };
  }
  if (before === 'refused' || core === undefined) return undefined;
  const [wanted, other] = before === 'anchored' ? [removed, added] : [added, removed];
  // The other side may have been completed by hand, with more beside it.
  if (other.length > wanted.length && (slice.startsWith(other) || slice.endsWith(other))) return undefined;
  const stands = text.slice(core.start, core.end) === wanted && isWholeLines(text, core.start, core.end);
  return stands ? { kind: before, ...core } : undefined;
}

function isWholeLines(text: string, start: number, end: number): boolean {
  const atStart = (offset: number): boolean => offset === 0 || text[offset - 1] === '\n';
  return atStart(start) && (atStart(end) || end === text.length);
}
