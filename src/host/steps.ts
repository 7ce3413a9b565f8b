import * as vscode from 'vscode';
import type { ChoiceItem } from './runChoice.ts';

export interface Step<T> {
  readonly placeholder: string;
  readonly items: readonly ChoiceItem<T>[];
  /** What is preselected, so that Enter takes it. */
  readonly chosen: T;
  /** An item for what was typed, where something else than the items may be meant. */
  readonly typed?: (text: string) => ChoiceItem<T> | undefined;
}

/** Asks one step after the other in one quick pick, with a way back; undefined when it is dismissed. */
export async function askSteps<A, B, C>(
  title: string,
  steps: readonly [Step<A>, Step<B>, Step<C>],
): Promise<[A, B, C] | undefined> {
  const pick = vscode.window.createQuickPick<
    vscode.QuickPickItem & { readonly choice: ChoiceItem<unknown> }
  >();
  pick.title = title;
  pick.totalSteps = steps.length;
  pick.matchOnDescription = true;
  const answers: unknown[] = steps.map(({ chosen }) => chosen);
  const done = Promise.withResolvers<[A, B, C] | undefined>();
  let at = 0;
  const items = (step: Step<unknown>, value: string): typeof pick.items => {
    const typed = value === '' ? undefined : step.typed?.(value);
    const offered = typed === undefined ? step.items : [typed, ...step.items];
    return offered.map((choice) => ({
      label: choice.label,
      ...(choice.description === undefined ? {} : { description: choice.description }),
      ...(choice.detail === undefined ? {} : { detail: choice.detail }),
      alwaysShow: choice === typed,
      choice,
    }));
  };
  const show = (): void => {
    const step = steps[at] as Step<unknown>;
    pick.step = at + 1;
    pick.placeholder = step.placeholder;
    pick.buttons = at === 0 ? [] : [vscode.QuickInputButtons.Back];
    pick.value = '';
    pick.items = items(step, '');
    const active = pick.items.find(({ choice }) => choice.value === answers[at]);
    pick.activeItems = active === undefined ? [] : [active];
  };
  const parts = [
    pick,
    pick.onDidChangeValue((value) => {
      const step = steps[at] as Step<unknown>;
      if (step.typed !== undefined) pick.items = items(step, value);
    }),
    pick.onDidAccept(() => {
      const [item] = pick.activeItems;
      if (item === undefined) return;
      answers[at] = item.choice.value;
      at += 1;
      if (at === steps.length) done.resolve(answers as [A, B, C]);
      else show();
    }),
    pick.onDidTriggerButton(() => {
      at -= 1;
      show();
    }),
    pick.onDidHide(() => done.resolve(undefined)),
  ];
  show();
  pick.show();
  try {
    return await done.promise;
  } finally {
    for (const part of parts) part.dispose();
  }
}
