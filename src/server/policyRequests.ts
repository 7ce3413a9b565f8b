import { grpoInWorkspace } from '../engine/grpoWorkspace.ts';
import type { PolicyState } from '../protocol/engine.ts';
import { moduleNames } from '../protocol/module.ts';
import type { Handlers } from './requests.ts';
import type { Session } from './session.ts';

/** Versions of the built-in policy, and the rounds that train it. */
export function policyHandlers(
  session: Session,
): Pick<Handlers, 'annsmith/policies' | 'annsmith/grpo' | 'annsmith/promote' | 'annsmith/rollBack'> {
  const { jobs, policies: store } = session;
  const state = async (): Promise<PolicyState> => {
    const [versions, rounds] = await Promise.all([store.list(), store.rounds()]);
    return { versions, rounds };
  };
  const changed = (): void => session.send({ kind: 'changed', what: 'policies' });
  return {
    'annsmith/policies': state,
    'annsmith/promote': async ({ version }) => {
      await store.promote(version);
      changed();
      return state();
    },
    'annsmith/rollBack': async () => {
      await store.rollBack();
      changed();
      return state();
    },
    'annsmith/grpo': ({ job, root, mode, modules, rounds, budgetMinutes, ...sampling }, token) =>
      jobs.run({ job, kind: 'measuring', root }, token, async ({ services, signal }) => {
        const [first, ...others] = moduleNames.filter((name) => modules?.includes(name) === true);
        return grpoInWorkspace(
          {
            ...sampling,
            root,
            store,
            mode,
            rounds: mode === 'offline' ? 1 : rounds,
            modules: first === undefined ? undefined : [first, ...others],
            groups: 1,
            budgetSeconds: budgetMinutes === null ? undefined : budgetMinutes * 60,
            promote: 'auto',
            onRound: changed,
          },
          { services, signal, syntax: await session.syntax() },
        );
      }),
  };
}
