import { stripVTControlCharacters } from 'node:util';
import type { LogLevel } from '../../protocol/engine.ts';
import type { Localize } from '../localize.ts';
import { clockText, howFar, type ProgressState } from '../runText.ts';

/** The live line is not written more often than this. */
const liveIntervalMs = 100;
const eraseLine = '\r\x1b[K';
/**
 * Ends the erased live line without a trace: up, then down again. Problem matchers see whole lines only, and what comes
 * next must be the beginning of one.
 */
const nextLine = '\x1b[A\r\n';

/** What the terminal of a run shows: a log, and below it one line in place that says how far the run is. */
export class RunScreen {
  readonly #write: (data: string) => void;
  readonly #l10n: Localize;
  /** Milliseconds, monotonic. */
  readonly #now: () => number;
  readonly #started: number;
  #columns = 80;
  #progress: ProgressState | undefined;
  #isLive = false;
  #written = Number.NEGATIVE_INFINITY;
  #last = '';

  constructor(write: (data: string) => void, l10n: Localize, now: () => number) {
    this.#write = write;
    this.#l10n = l10n;
    this.#now = now;
    this.#started = now();
  }

  set columns(columns: number) {
    this.#columns = Math.max(20, columns);
  }

  /** A line of the log as it is. */
  line(text: string): void {
    this.#clear();
    for (const line of plain(text).split('\n')) this.#write(`${line}\r\n`);
    this.#live();
  }

  /** What the engine logs; compiler output of candidates is set in, as it is about no file of the user's. */
  log(level: LogLevel, message: string): void {
    const colour = { debug: '\x1b[2m', info: '', warn: '\x1b[33m', error: '\x1b[31m' }[level];
    const reset = colour === '' ? '' : '\x1b[0m';
    this.#clear();
    for (const line of plain(message).split('\n')) this.#write(`${colour}  ${line}${reset}\r\n`);
    this.#live();
  }

  progress(state: ProgressState): void {
    this.#progress = state;
    const said = `${state.stage}: ${state.message}`;
    if (said !== this.#last) {
      this.#last = said;
      this.line(`${clockText(this.#elapsed())}  ${said}`);
    } else if (this.#now() - this.#written >= liveIntervalMs) {
      this.#live();
    }
  }

  /** Time goes by. */
  tick(): void {
    if (this.#progress !== undefined) this.#live();
  }

  /** The last words; no live line after them. */
  end(text: string): void {
    this.#progress = undefined;
    this.line(text);
  }

  #elapsed(): number {
    return (this.#now() - this.#started) / 1000;
  }

  #live(): void {
    if (this.#progress === undefined) return;
    const far = howFar(this.#progress, this.#l10n);
    const elapsed = this.#l10n.t('{0} elapsed', clockText(this.#elapsed()));
    const text = [this.#progress.stage, ...(far === '' ? [] : [far]), elapsed].join(' · ');
    this.#write(`${eraseLine}${text.slice(0, this.#columns - 1)}`);
    this.#isLive = true;
    this.#written = this.#now();
  }

  #clear(): void {
    if (this.#isLive) this.#write(eraseLine + nextLine);
    this.#isLive = false;
  }
}

/** Text from outside without control characters that would steer the terminal. */
function plain(text: string): string {
  return stripVTControlCharacters(text.trimEnd()).replace(/[^\P{Cc}\n\t]/gu, '');
}

/** A failure of the user's own code in the form that compilers use, which the problem matcher reads. */
export function asCompilerLine(message: string): string {
  const place = /^([^\s:][^:\n]*):(\d+): (?!\d+:)(.*)$/s.exec(message);
  return place === null ? message : `${place[1]}:${place[2]}:1: error: ${place[3]}`;
}
