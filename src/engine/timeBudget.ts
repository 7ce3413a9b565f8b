import type { ModuleName } from '../protocol/module.ts';
import type { Clock } from './ports.ts';

/** How a run's time is split: construction builds graphs; measuring everything together comes last. */
const weights: Readonly<Record<ModuleName, number>> = { construction: 2, search: 1, refinement: 1.2 };
const totalWeight = 0.5;
/** Share of a module's time for its groups; the rest confirms and minimises the winner. */
const groupShare = 0.65;

export interface ModuleTime {
  /** Monotonic milliseconds after which no group starts and no candidate's resident timing. */
  readonly groupsUntil: number | undefined;
  /** Monotonic milliseconds after which no part of the winner is timed. */
  readonly until: number | undefined;
}

/** Splits what is left of a run's time over the modules to come; what one does not use the next ones have. */
export class TimeBudget {
  readonly #clock: Clock;
  readonly #end: number | undefined;

  /** `seconds`: undefined means as long as it takes. */
  constructor(clock: Clock, seconds: number | undefined) {
    this.#clock = clock;
    this.#end = seconds === undefined ? undefined : clock.monotonic() + seconds * 1000;
  }

  /** For the first of the modules still to be done. */
  next(left: readonly [ModuleName, ...ModuleName[]]): ModuleTime {
    if (this.#end === undefined) return { groupsUntil: undefined, until: undefined };
    const now = this.#clock.monotonic();
    const sum = left.reduce((total, module) => total + weights[module], totalWeight);
    const own = (Math.max(0, this.#end - now) * weights[left[0]]) / sum;
    return { groupsUntil: now + groupShare * own, until: now + own };
  }
}
