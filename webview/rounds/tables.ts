import type { GrpoRoundReport } from '../../src/protocol/grpo.ts';
import { skipTexts } from '../../src/protocol/grpo.ts';
import { el } from '../shared/dom.ts';
import { type Cells, type Column, table } from '../shared/table.ts';
import { metricText } from './chart.ts';
import type { Words } from './words.ts';

/** Everything that the charts show, and what became of each round, as tables; newest first. */
export function roundTables(rounds: readonly GrpoRoundReport[], words: Words): HTMLElement {
  const numbered = rounds.map((report, i) => ({ report, number: words.number(i + 1) })).toReversed();
  return el(
    'section',
    { class: 'tables' },
    table(
      words.text('tableRounds'),
      roundColumns(words),
      numbered.map(({ report, number }) => roundCells(number, report, words)),
    ),
    table(
      words.text('tableModules'),
      moduleColumns(words),
      numbered.flatMap(({ report, number }) =>
        report.perModule.map(({ module, groups, meanReward, bestReward, validFraction }) => [
          number,
          words.module(module),
          words.number(groups),
          metricText('meanReward', meanReward, words),
          metricText('bestReward', bestReward, words),
          metricText('valid', validFraction, words),
        ]),
      ),
    ),
  );
}

function roundColumns(words: Words): Column[] {
  return [
    { title: words.text('columnRound') },
    { title: words.text('columnFrom') },
    { title: words.text('columnVersion') },
    { title: words.text('columnPromoted') },
    { title: words.text('meanReward'), numeric: true },
    { title: words.text('bestReward'), numeric: true },
    { title: words.text('evaluatedReward'), numeric: true },
    { title: words.text('valid'), numeric: true },
    { title: words.text('kl'), numeric: true },
    { title: words.text('clipFraction'), numeric: true },
    { title: words.text('entropy'), numeric: true },
    { title: words.text('columnGroups'), numeric: true },
    { title: words.text('columnSkipped') },
    { title: words.text('columnWhy') },
    { title: words.text('columnMode') },
    { title: words.text('columnWorkspace') },
    { title: words.text('columnAt') },
    { title: words.text('columnSeconds'), numeric: true },
  ];
}

function moduleColumns(words: Words): Column[] {
  return [
    { title: words.text('columnRound') },
    { title: words.text('module') },
    { title: words.text('columnGroups'), numeric: true },
    { title: words.text('meanReward'), numeric: true },
    { title: words.text('bestReward'), numeric: true },
    { title: words.text('valid'), numeric: true },
  ];
}

function roundCells(number: string, report: GrpoRoundReport, words: Words): Cells {
  const { training, evaluation, groups } = report;
  const trained = (text: (metrics: NonNullable<typeof training>) => string): string =>
    training === null ? '' : text(training);
  return [
    number,
    report.from,
    report.version ?? '',
    words.text(report.promoted ? 'yes' : 'no'),
    trained(({ meanReward }) => metricText('meanReward', meanReward, words)),
    trained(({ bestReward }) => metricText('bestReward', bestReward, words)),
    evaluation === null ? '' : metricText('meanReward', evaluation.meanReward, words),
    trained(({ validFraction }) => metricText('valid', validFraction, words)),
    trained(({ kl }) => metricText('kl', kl, words)),
    trained(({ clipFraction }) => metricText('clipFraction', clipFraction, words)),
    trained(({ entropy }) => metricText('entropy', entropy, words)),
    words.number(groups.used),
    groups.skipped.map(({ reason, count }) => `${words.number(count)} ${skipTexts[reason]}`).join('; '),
    report.why,
    words.text(report.mode),
    report.workspace,
    words.time(report.at),
    words.number(report.seconds),
  ];
}
