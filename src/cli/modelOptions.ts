import { type Command, InvalidArgumentError } from 'commander';
import { type ModelSettings, modelSettingsSchema } from '../protocol/model.ts';
import { wholeNumber } from './numbers.ts';

/** How a command was told to ask models. */
export interface ModelOptions {
  readonly modelUrl?: string;
  readonly header: Readonly<Record<string, string>>;
  readonly temperature?: number;
  readonly maxTokens?: number;
  readonly promptTokens?: number;
  readonly tokenBudget?: number;
  readonly costBudget?: number;
  readonly price?: { readonly prompt: number; readonly completion: number };
  readonly consent?: boolean;
}

/** Options of every command that may ask a model. The key comes from the environment alone. */
export function addModelOptions(command: Command): Command {
  return command
    .option(
      '--model-url <url>',
      'OpenAI-compatible server, up to and with /v1 (default: $OPENAI_BASE_URL, else OpenAI); the key is $OPENAI_API_KEY',
      url,
    )
    .option('--header <name=value>', 'sent to the model server; may be repeated', header, {})
    .option('--temperature <t>', 'of sampling, 0 to 2 (default: 1)', decimal(0, 2))
    .option('--max-tokens <n>', 'tokens per completion, at most (default: 8192)', wholeNumber(256, 200_000))
    .option(
      '--prompt-tokens <n>',
      'estimated tokens of a prompt, at most (default: 24000)',
      wholeNumber(2000, 2_000_000),
    )
    .option('--token-budget <n>', 'tokens that the run may use in all', wholeNumber(1, 2 ** 31))
    .option('--cost-budget <dollars>', 'US dollars that the run may cost; needs --price', decimal(0, 1e6))
    .option('--price <prompt,completion>', 'US dollars for a million tokens of each', price)
    .option('--consent', 'allow code of this workspace to be sent to the model server, now and later');
}

/** With every default filled in. */
export function modelSettings(options: ModelOptions): ModelSettings {
  return modelSettingsSchema.parse({
    baseUrl: options.modelUrl,
    headers: options.header,
    temperature: options.temperature,
    maxTokens: options.maxTokens,
    promptTokens: options.promptTokens,
    tokenBudget: options.tokenBudget,
    costBudget: options.costBudget,
    pricePerMillion: options.price,
  });
}

function url(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new InvalidArgumentError('Not an address such as http://127.0.0.1:8000/v1.');
  }
  return text;
}

function header(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const at = text.indexOf('=');
  if (at <= 0) throw new InvalidArgumentError('Write it as NAME=VALUE.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

function decimal(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= low && value <= high)) {
      throw new InvalidArgumentError(`A number from ${low} to ${high}.`);
    }
    return value;
  };
}

function price(text: string): { prompt: number; completion: number } {
  const [prompt, completion, ...rest] = text.split(',').map(Number);
  if (!((prompt ?? -1) >= 0 && (completion ?? -1) >= 0) || rest.length > 0) {
    throw new InvalidArgumentError('Two numbers, such as 2.5,10.');
  }
  return { prompt: prompt!, completion: completion! };
}
