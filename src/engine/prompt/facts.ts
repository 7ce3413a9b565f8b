import type { MetricName } from '../../protocol/dataset.ts';
import type { PolicyRequest } from '../../protocol/policy.ts';
import { bytesText } from './markdown.ts';
import { type ScrubSettings, scrubText } from './scrub.ts';

const bytesPerFloat = 4;

const metrics: Readonly<Record<MetricName, string>> = {
  euclidean: 'Euclidean distance',
  angular: 'angular distance (vectors of unit length)',
  ip: 'inner product (larger is nearer)',
};

/** Machine and data, as a list. */
export function factsText({ facts, manifest, evidence }: PolicyRequest, scrub: ScrubSettings): string {
  const { n, dim, metric, M, efConstruction, isa, llcBytes } = facts;
  const { k, ef } = manifest.search;
  const { standard, flags } = manifest.build;
  const [low, high] = evidence.window;
  const vectors = n * dim * bytesPerFloat;
  const cache =
    llcBytes > 0
      ? `The last-level cache has ${bytesText(llcBytes)}: the vectors are ${(vectors / llcBytes).toFixed(1)} times that.`
      : 'The size of the last-level cache is not known.';
  return [
    `- Data: \`${scrubText(evidence.dataset, scrub)}\`, n = ${n} vectors of d = ${dim} float32 components, ${metrics[metric]}.`,
    `- Memory: the vectors take ${bytesText(vectors)}. ${cache}`,
    `- Instruction sets: ${isa.length === 0 ? 'only the baseline of the compiler is known' : isa.join(', ')}.`,
    `- Build: ${standard}, flags ${scrubText(flags.join(' '), scrub)}.`,
    `- Index: M = ${M}, efConstruction = ${efConstruction}.`,
    `- Search: k = ${k}, ${ef === 'auto' ? 'ef swept over the window' : `ef = ${ef.join(', ')}`}, one thread, recall window [${low}, ${high}].`,
  ].join('\n');
}
