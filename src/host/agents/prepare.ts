import type { Localize } from '../localize.ts';
import { moduleTitle } from '../views/model/moduleTitle.ts';
import { fenced, firstLines } from './markdown.ts';
import type { BenchmarkInput, ProposeInput } from './tools.ts';

/** What the user is told, and asked, before a tool is used; messages are Markdown. */
export interface Prepared {
  readonly invocation: string;
  readonly confirmation?: { readonly title: string; readonly message: string };
}

const shownLines = 60;

export function prepareListModules(l10n: Localize): Prepared {
  return { invocation: l10n.t('Reading the modules and their code') };
}

export function prepareShowResults(l10n: Localize): Prepared {
  return { invocation: l10n.t('Reading the ledger') };
}

export function prepareBenchmark({ dataset }: BenchmarkInput, l10n: Localize): Prepared {
  return {
    invocation: l10n.t('Building and timing the code as saved'),
    confirmation: {
      title: l10n.t('Benchmark the workspace?'),
      message:
        dataset === undefined
          ? l10n.t('The code as saved is built and timed. A dataset that is not there yet is fetched.')
          : l10n.t(
              'The code as saved is built and timed on {0}. A dataset that is not there yet is fetched.',
              dataset,
            ),
    },
  };
}

/** Shows the patch: what is confirmed is that this code is run. */
export function prepareProposePatch({ module, patch }: ProposeInput, l10n: Localize): Prepared {
  const { text, more } = firstLines(patch, shownLines);
  const about = l10n.t(
    'The patch is applied to a copy, compiled, run without network, checked and timed, for some minutes. Your files stay as they are.',
  );
  const rest = more === 0 ? '' : `\n\n${l10n.t('{0} more lines', more)}`;
  return {
    invocation: l10n.t('Judging a patch to {0}', module),
    confirmation: {
      title: l10n.t('Build and run a patch to {0}?', moduleTitle(module, l10n)),
      message: `${about}\n\n${fenced(text)}${rest}`,
    },
  };
}
