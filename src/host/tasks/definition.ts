import * as z from 'zod';
import { splitDatasetNames } from '../../protocol/dataset.ts';
import type { ParamsOf } from '../../protocol/engine.ts';
import { type ModuleName, moduleNames } from '../../protocol/module.ts';
import { taskType } from '../ids.ts';
import { policyPattern } from '../policy/spec.ts';
import type { RunSettings } from '../settings.ts';

const policyProblem = 'not playbook, openai:MODEL or vscode:VENDOR/FAMILY, or several with commas';

const schema = z.object({
  type: z.literal(taskType),
  module: z.enum([...moduleNames, 'all']),
  dataset: z.string().optional(),
  policy: z.string().regex(new RegExp(policyPattern), policyProblem).optional(),
  /** 0: as long as it takes. */
  budgetMinutes: z.number().min(0).optional(),
  group: z.int().min(2).max(64).optional(),
  rounds: z.int().min(1).max(100).optional(),
  seed: z.int().min(0).optional(),
  resume: z.string().min(1).optional(),
  /** Rounds of GRPO for the built-in policy, in place of a search for a winner. */
  grpo: z.enum(['online', 'offline']).optional(),
  folder: z.string().optional(),
});

/** A task of ours, as it stands in tasks.json. */
export type AnnsmithTaskDefinition = z.infer<typeof schema>;

/** What a task is to do; the text says what is wrong with it. */
export function parseDefinition(
  value: unknown,
):
  | { readonly ok: true; readonly definition: AnnsmithTaskDefinition }
  | { readonly ok: false; readonly problem: string } {
  const parsed = schema.safeParse(value);
  if (parsed.success) {
    const { grpo, resume, policy } = parsed.data;
    const odd = resume !== undefined ? 'resume' : policy !== undefined ? 'policy' : undefined;
    if (grpo !== undefined && odd !== undefined)
      return { ok: false, problem: `${odd}: rounds of GRPO do not have it` };
    return { ok: true, definition: parsed.data };
  }
  const { path, message } = parsed.error.issues[0]!;
  return { ok: false, problem: `${path.join('.')}: ${message}` };
}

/** What the server is asked for: to start a run, to go on with one, or to train. */
export type RunOrder =
  | { readonly kind: 'start'; readonly params: Omit<ParamsOf<'annsmith/optimize'>, 'job'> }
  | {
      readonly kind: 'resume';
      readonly params: Omit<ParamsOf<'annsmith/resume'>, 'job'>;
      readonly modules: readonly ModuleName[];
    }
  | {
      readonly kind: 'train';
      readonly params: Omit<ParamsOf<'annsmith/grpo'>, 'job'>;
      readonly modules: readonly ModuleName[];
    };

/** The order of a task: what it does not say comes from the settings; `available` are the modules there are. */
export function orderOf(
  definition: AnnsmithTaskDefinition,
  root: string,
  settings: RunSettings,
  available: readonly ModuleName[],
): RunOrder {
  const { module, dataset, policy, budgetMinutes, group, rounds, seed, resume, grpo } = definition;
  const modules = module === 'all' ? [...available] : [module];
  if (resume !== undefined) {
    return { kind: 'resume', params: { root, run: resume, model: settings.model }, modules };
  }
  const names = dataset ?? settings.dataset;
  if (grpo !== undefined) {
    const params = {
      root,
      mode: grpo,
      modules: module === 'all' ? null : [module],
      datasets: names === '' ? [] : splitDatasetNames(names),
      rounds: rounds ?? 1,
      group: group ?? settings.group,
      // A round begun is a round ended; the setting is about runs.
      budgetMinutes: budgetMinutes === undefined || budgetMinutes === 0 ? null : budgetMinutes,
      seed: seed ?? 1,
    };
    return { kind: 'train', params, modules };
  }
  return {
    kind: 'start',
    params: {
      root,
      modules,
      datasets: names === '' ? [] : splitDatasetNames(names),
      group: group ?? settings.group,
      rounds: rounds ?? settings.rounds,
      budgetMinutes: budgetMinutes === 0 ? null : (budgetMinutes ?? settings.budgetMinutes),
      policy: policy ?? settings.policy,
      model: settings.model,
      seed: seed ?? 1,
    },
  };
}

/** The `module` of a definition for several modules; the protocol takes them in their order. */
export function moduleField(modules: readonly ModuleName[]): AnnsmithTaskDefinition['module'] {
  const [only] = modules;
  return modules.length === 1 && only !== undefined ? only : 'all';
}
