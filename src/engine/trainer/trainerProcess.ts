import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { packageRoot } from '../native.ts';
import type { Services } from '../ports.ts';
import { cleanEnvironment } from '../processRunner.ts';
import { ownOptions } from './ownOptions.ts';
import { parseTrainerEvent, type TrainerEvent } from './trainerEvents.ts';

/** A Python to use in place of the one that the set-up installs. */
const pythonVariable = 'ANNSMITH_TRAINER_PYTHON';
/** What Python's argparse ends a command with that has options it does not know. */
const usageError = 2;
const setUp = 'Run `npm run setup:trainer` in a clone of Annsmith.';

export interface TrainerContext {
  readonly services: Services;
  readonly signal: AbortSignal;
}

/** What a round ended with. */
export interface TrainerOutcome {
  /** What was left out, by reason; groups and mean reward of those that were trained on, as far as known before. */
  readonly start: Extract<TrainerEvent, { event: 'start' }> | undefined;
  readonly saved: Extract<TrainerEvent, { event: 'saved' }>;
  readonly steps: readonly Extract<TrainerEvent, { event: 'step' }>[];
  readonly groups: readonly Extract<TrainerEvent, { event: 'group' }>[];
}

/**
 * Runs a command of the Python trainer to its end, and reports how far it is. `secrets` are the variables that it needs
 * besides the environment without keys. @throws UserError where it is not there, or says what is wrong.
 */
export async function runTrainer(
  args: readonly string[],
  { services, signal }: TrainerContext,
  secrets: Readonly<Record<string, string>> = {},
): Promise<TrainerOutcome> {
  const { python, folder } = trainer();
  const child = services.processes.start(python, ['-m', 'annsmith_trainer', ...args], {
    cwd: folder,
    env: { ...cleanEnvironment(), ...secrets },
    signal,
  });
  const events: TrainerEvent[] = [];
  for await (const line of child.lines) {
    const event = parseTrainerEvent(line);
    if (event === undefined) continue;
    events.push(event);
    tell(event, services);
  }
  const { code, signal: killedBy, stderr } = await child.exited;
  signal.throwIfAborted();
  const of = <E extends TrainerEvent['event']>(kind: E): Extract<TrainerEvent, { event: E }>[] =>
    events.filter((event): event is Extract<TrainerEvent, { event: E }> => event.event === kind);
  const [failure] = of('error');
  if (failure !== undefined) throw new UserError(failure.code, failure.message, withPlace(failure.fix));
  const saved = of('saved').at(-1);
  if (code !== 0 || saved === undefined) {
    // Nothing but the system kills it so, and it does where memory runs out.
    if (killedBy === 'SIGKILL') {
      throw new UserError(
        'out-of-memory',
        'the trainer was killed, most likely because this machine ran out of memory',
        withPlace(
          args[0] === 'offline'
            ? 'Use less: --micro-batch 1, --gradient-checkpointing, a smaller --max-length, or a smaller model.'
            : 'Use less: --micro-batch 1, fewer --max-tokens, a smaller --group, or a smaller model.',
        ),
      );
    }
    if (code === usageError) {
      throw new UserError(
        'trainer-option',
        `the trainer does not take its options: ${stderr.trim().split('\n').at(-1)}`,
        `Options of the trainer go after \`--\`; \`annsmith_trainer ${args[0]} --help\` lists them (trainer/README.md).`,
      );
    }
    const last = stderr.trim().split('\n').slice(-5).join('\n');
    throw new UserError('trainer-failed', `the trainer ended with ${code ?? killedBy}: ${last}`, setUp);
  }
  return { start: of('start').at(-1), saved, steps: of('step'), groups: of('group') };
}

/** Says where options that a fix names are given, where they are not the command's own. */
function withPlace(fix: string): string {
  const named = fix.match(/--[a-z][a-z-]*/g) ?? [];
  return named.every((option) => ownOptions.has(option))
    ? fix
    : `${fix} Options of the trainer go after \`--\`.`;
}

function trainer(): { readonly python: string; readonly folder: string } {
  const folder = join(packageRoot(), 'trainer');
  const named = process.env[pythonVariable];
  const python = named || join(folder, '.venv', 'bin', 'python');
  if (existsSync(folder) && existsSync(python)) return { python, folder };
  throw new UserError(
    'no-trainer',
    `the trainer for language models is not set up: ${existsSync(folder) ? python : folder} is not there`,
    named ? `Set $${pythonVariable} to a Python with the trainer's packages, or unset it. ${setUp}` : setUp,
  );
}

function tell(event: TrainerEvent, { reporter, logger }: Services): void {
  const number = (value: number | null | undefined): string => value?.toFixed(4) ?? '-';
  switch (event.event) {
    case 'warning':
      logger.warn(event.message);
      return;
    case 'scored':
      reporter.progress({
        stage: 'score',
        message: `log-probabilities of group ${event.group} of ${event.groups}`,
        fraction: event.group / event.groups,
      });
      return;
    case 'resumed':
      logger.info(`goes on after step ${event.step} of ${event.steps}`);
      return;
    case 'step':
      reporter.progress({
        stage: 'train',
        message: `step ${event.step} of ${event.steps}: loss ${number(event.loss)}, KL ${number(event.kl)}`,
        fraction: event.step / event.steps,
      });
      return;
    case 'group':
      logger.info(
        !event.skipped
          ? `${event.module}: mean reward ${number(event.mean_reward)}, best ${number(event.best_reward)}`
          : `${event.module}: group left out, ${event.skipped}`,
      );
  }
}
