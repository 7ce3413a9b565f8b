import type { Progress } from '../../engine/ports.ts';

export interface ProgressNotes {
  tell(event: Progress): void;
  end(): void;
}

/** Within a stage, a client is told at most this often. */
const intervalMs = 1000;
/** A client that hears nothing for a minute gives up; long stages are told again. */
const repeatMs = 10_000;

/**
 * Progress as a protocol with one rising number wants it: the number counts the notes, since stages have no common
 * measure; the message says the stage and how far it is.
 */
export function progressNotes(send: (progress: number, message: string) => void): ProgressNotes {
  let count = 0;
  let stage = '';
  let sentAt = Number.NEGATIVE_INFINITY;
  let message = 'waiting';
  const note = (): void => {
    sentAt = performance.now();
    send(++count, message);
  };
  const timer = setInterval(() => {
    if (performance.now() - sentAt >= repeatMs) note();
  }, repeatMs);
  timer.unref();
  return {
    tell: (event) => {
      message = progressText(event);
      if (event.stage === stage && performance.now() - sentAt < intervalMs) return;
      stage = event.stage;
      note();
    },
    end: () => clearInterval(timer),
  };
}

function progressText({ stage, message, fraction, remainingSeconds }: Progress): string {
  const share = fraction === undefined ? '' : `, ${Math.floor(fraction * 100)} %`;
  const rest = remainingSeconds === undefined ? '' : `, ${Math.ceil(remainingSeconds)} s left`;
  return `${stage}: ${message}${share}${rest}`;
}
