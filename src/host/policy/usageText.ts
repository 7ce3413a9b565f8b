import { addUsage, noUsage, type TokenUsage } from '../../protocol/model.ts';
import type { Localize } from '../localize.ts';

const count = (value: number): string => value.toLocaleString('en-US');

/** US dollars: "$1.25", "$0.0042". */
export function costText(dollars: number): string {
  return dollars === 0 ? '$0' : `$${dollars.toFixed(dollars < 0.1 ? 4 : 2)}`;
}

/** "12,345 tokens · $0.12"; the cost only where it is known. */
export function usageShort({ promptTokens, completionTokens, cost }: TokenUsage, l10n: Localize): string {
  const tokens = l10n.t('{0} tokens', count(promptTokens + completionTokens));
  return cost === null ? tokens : `${tokens} · ${costText(cost)}`;
}

/** What was used, in sentences. */
export function usageLong(usage: TokenUsage, l10n: Localize): string {
  const { promptTokens, completionTokens, requests, cost } = usage;
  const [prompt, completion, asked] = [promptTokens, completionTokens, requests].map(count);
  const used = l10n.t(
    'Language models used {0} tokens of prompts and {1} of completions in {2} requests.',
    prompt!,
    completion!,
    asked!,
  );
  return cost === null
    ? `${used} ${l10n.t('What that cost is not known: annsmith.model.pricePerMillion is not set.')}`
    : `${used} ${l10n.t('Cost: {0}.', costText(cost))}`;
}

/** Of several runs; null where none of them asked a model. */
export function totalUsage(runs: readonly { readonly usage: TokenUsage | null }[]): TokenUsage | null {
  const used = runs.flatMap(({ usage }) => (usage === null ? [] : [usage]));
  return used.length === 0 ? null : used.reduce(addUsage, noUsage);
}
