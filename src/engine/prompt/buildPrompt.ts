import { createHash } from 'node:crypto';
import type { ChatMessage } from '../../protocol/model.ts';
import type { PolicyPrompt, PolicyRequest } from '../../protocol/policy.ts';
import { UserError } from '../errors.ts';
import { seededRandom } from '../random.ts';
import { type Fitted, fitItems, type Item, separated } from './budget.ts';
import { drawExemplars, type Exemplar, type ExemplarOptions, scoreOf } from './exemplars.ts';
import { factsText } from './facts.ts';
import { feedbackItems } from './feedback.ts';
import { curveTable, fenced } from './markdown.ts';
import { type ScrubSettings, scrubCode, scrubText } from './scrub.ts';
import { contextItems, regionBlock, ShownCode } from './shownCode.ts';
import {
  contextIntro,
  exemplarsIntro,
  feedbackIntro,
  noExemplars,
  protocolText,
  referenceIntro,
  removedNotice,
  requirementsText,
  taskText,
  templateVersion,
} from './template.ts';
import { estimateTokens, type TokenEstimate } from './tokens.ts';

export interface PromptOptions {
  /** Estimated tokens of all messages together, at most. Default 24 000. */
  readonly tokenBudget?: number;
  /** What the user sets to raise the budget, named in the error; e.g. a setting or a flag. Default `tokenBudget`. */
  readonly budgetOption?: string;
  /** Exemplars, each from a performance bucket of its own. Default 2. */
  readonly examplesPerPrompt?: number;
  /** Temperature of the softmax over bucket scores. Default 0.25: a score higher by 0.25 is drawn e times as often. */
  readonly temperature?: number;
  /** Width of a bucket in ln(speed ratio). Default 0.05. */
  readonly bucketWidth?: number;
  /** What must not leave the machine. */
  readonly scrub: ScrubSettings;
  /** Default: four characters a token. */
  readonly estimateTokens?: TokenEstimate;
}

const defaultBudget = 24_000;
const defaultDraw: ExemplarOptions = { count: 2, temperature: 0.25, bucketWidth: 0.05 };

/** Of the tokens that the fixed parts leave; read-only context has the rest, and what these two do not use. */
const exemplarShare = 0.55;
const feedbackShare = 0.25;

type Sections = PolicyPrompt['sections'];

/**
 * The contrastive prompt of CRINN (arXiv 2508.02091) for one group: task, previous implementations with their scores,
 * generation protocol and critical requirements; beside these machine and data, what came of earlier attempts of the
 * run, and read-only context. The same request gives the same prompt. Task, facts, reference, protocol and requirements
 * are always whole; exemplars, feedback and context are cut or dropped, in this order of priority from the last, to stay
 * inside the budget. Names of files and symbols are shown as they are; all other text is scrubbed.
 * @throws UserError `prompt-too-large` where the parts that are never cut exceed the budget.
 */
export function buildPrompt(request: PolicyRequest, options: PromptOptions): PolicyPrompt {
  const { scrub, estimateTokens: estimate = estimateTokens, tokenBudget = defaultBudget } = options;
  const { evidence, files, regions, manifest } = request;
  const draw = {
    count: options.examplesPerPrompt ?? defaultDraw.count,
    temperature: options.temperature ?? defaultDraw.temperature,
    bucketWidth: options.bucketWidth ?? defaultDraw.bucketWidth,
  };
  requireValid({ ...draw, tokenBudget });

  const code = new ShownCode(files, scrub);
  const drawn = drawExemplars(evidence.past, draw, seededRandom(request.seed, 'exemplars'));
  const exemplars = drawn.map((exemplar, i) => exemplarItem(exemplar, i + 1, request, scrub));
  const feedback = feedbackItems(evidence.past, { window: evidence.window, scrub });
  const context = contextItems(code, files, regions, manifest.build.includeDirs);

  const task = taskText(request, scrubText(manifest.name, scrub));
  const requirements = requirementsText(request);
  const facts = `# Machine and data\n\n${factsText(request, scrub)}`;
  const reference = referenceText(request, code);
  const protocol = protocolText(request.module, notice(request, code, drawn, scrub));
  const measured = exemplars.length > 0 ? exemplarsIntro : noExemplars;
  const fixed = [
    { name: 'task', text: task },
    { name: 'requirements', text: requirements },
    { name: 'facts', text: facts },
    { name: 'reference', text: `${reference}\n\n${measured}` },
    { name: 'protocol', text: protocol },
  ].map(({ name, text }) => ({ name, tokens: estimate(separated(text)), kept: 'whole' as const }));
  const needed = fixed.reduce((sum, { tokens }) => sum + tokens, 0);
  if (needed > tokenBudget) throw tooLarge(request, { needed, tokenBudget, ...options });

  const free = tokenBudget - needed;
  const introTokens = (intro: string, items: readonly Item[]): number =>
    items.length === 0 ? 0 : estimate(separated(intro));
  const fitSection = (
    intro: string,
    items: readonly Item[],
    allowance: number,
    shares: 'equal' | 'first',
  ): Fitted => {
    const own = introTokens(intro, items);
    const fitted = fitItems(items, { allowance: Math.max(0, allowance - own), shares, estimate });
    return {
      ...fitted,
      tokens: fitted.texts.length === 0 ? 0 : fitted.tokens + own,
      charge: fitted.charge + own,
    };
  };
  const shownExemplars = fitSection('', exemplars, free * exemplarShare, 'equal');
  const shownFeedback = fitSection(feedbackIntro, feedback, free * feedbackShare, 'first');
  const rest = Math.max(0, free - shownExemplars.charge - shownFeedback.charge);
  const shownContext = fitSection(contextIntro, context, rest, 'first');

  const user = [
    facts,
    reference,
    measured,
    ...shownExemplars.texts,
    ...withIntro(feedbackIntro, shownFeedback),
    ...withIntro(contextIntro, shownContext),
    protocol,
  ];
  const messages: ChatMessage[] = [
    { role: 'system', content: `${task}\n\n${requirements}\n` },
    { role: 'user', content: `${user.join('\n\n')}\n` },
  ];
  const sections: Sections = [
    ...fixed,
    ...(exemplars.length === 0 ? [] : [section('exemplars', shownExemplars)]),
    ...(feedback.length === 0 ? [] : [section('feedback', shownFeedback)]),
    ...(context.length === 0 ? [] : [section('context', shownContext)]),
  ];
  return {
    messages,
    template: templateVersion,
    hash: createHash('sha256').update(JSON.stringify(messages)).digest('hex'),
    exemplars: shownExemplars.shown.map((i) => drawn[i]!.id),
    sections,
  };
}

function withIntro(intro: string, { texts }: Fitted): string[] {
  return texts.length === 0 ? [] : [intro, ...texts];
}

function section(name: string, { tokens, kept }: Fitted): Sections[number] {
  return { name, tokens, kept };
}

/** The reference in full: its regions, and its curve in the window. */
function referenceText({ regions, evidence }: PolicyRequest, code: ShownCode): string {
  const table = curveTable(evidence.reference, evidence.window);
  return [
    referenceIntro,
    ...regions.map((region) => regionBlock(region, code)),
    table === '' ? 'Its curve has not been measured yet.' : `Its curve in the window:\n\n${table}`,
  ].join('\n\n');
}

function exemplarItem(
  { gain, patch, points }: Exemplar,
  number: number,
  { evidence }: PolicyRequest,
  scrub: ScrubSettings,
): Item {
  const [score, low, high] = [gain.value, gain.low, gain.high].map((value) => scoreOf({ value }).toFixed(2));
  const table = curveTable(points, evidence.window);
  const head = [
    `## Implementation ${number}: score ${score} (${low} to ${high})`,
    ...(table === '' ? [] : [table]),
  ].join('\n\n');
  return {
    head,
    body: scrubCode(patch, scrub).trimEnd().split('\n'),
    render: (start, body) => `${start}\n\n${fenced(body.join('\n'), 'diff')}`,
  };
}

/** Which of the lines that an answer may name are not shown as they are. */
function notice(
  { regions }: PolicyRequest,
  code: ShownCode,
  drawn: readonly Exemplar[],
  scrub: ScrubSettings,
): string {
  const own = [...new Set(regions.map(({ file }) => file))];
  const inDiffs = drawn.some(({ patch }) => scrubCode(patch, scrub) !== patch);
  return removedNotice(
    inDiffs || own.some((file) => code.hasRemoved(file)),
    own.flatMap((file) => code.silentlyChanged(file).map((line) => `${file}:${line}`)),
  );
}

function tooLarge(
  { module, regions }: PolicyRequest,
  {
    needed,
    tokenBudget,
    budgetOption = 'tokenBudget',
  }: PromptOptions & { needed: number; tokenBudget: number },
): UserError {
  const names = regions.map(({ file, symbol }) => `${file}: ${symbol}`).join(', ');
  return new UserError(
    'prompt-too-large',
    `the prompt for module ${module} needs about ${needed} tokens without any examples, more than its budget of ` +
      `${tokenBudget}; its regions are always sent whole: ${names}`,
    `Set ${budgetOption} to ${needed} or more, or name fewer regions in "modules.${module}" of annsmith.json.`,
  );
}

function requireValid(values: ExemplarOptions & { readonly tokenBudget: number }): void {
  const { count, temperature, bucketWidth, tokenBudget } = values;
  const isPositive = [temperature, bucketWidth, tokenBudget].every((x) => x > 0 && Number.isFinite(x));
  if (!isPositive || !Number.isInteger(count) || count < 0) {
    throw new RangeError(`not the options of a prompt: ${JSON.stringify(values)}`);
  }
}
