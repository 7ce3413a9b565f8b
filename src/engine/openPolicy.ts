import type { Manifest } from '../protocol/manifest.ts';
import type { ModelClient, ModelSettings, TokenUsage } from '../protocol/model.ts';
import type { Policy } from '../protocol/policy.ts';
import { parseCompletion } from './candidate/completion/parseCompletion.ts';
import { styleGate } from './candidate/style/styleGate.ts';
import { contrastivePrompt, scrubbed } from './contrastivePrompt.ts';
import { UserError } from './errors.ts';
import { hunkParts } from './hunkParts.ts';
import type { CppSyntaxTrees } from './module/cppSyntax.ts';
import { locateRegion } from './module/regions.ts';
import { choosePolicy } from './policy/model/bandit.ts';
import { type BudgetLimits, ModelBudget, withBudget } from './policy/model/budget.ts';
import { endpointOfEnvironment, isLoopback } from './policy/model/environment.ts';
import { createModelPolicy } from './policy/model/modelPolicy.ts';
import { type PolicySpec, parsePolicies } from './policy/model/modelSpec.ts';
import { createOpenAiClient } from './policy/model/openAiClient.ts';
import { catalogue } from './policy/playbook/catalogue.ts';
import { createPlaybookPolicy } from './policy/playbook/playbookPolicy.ts';
import { PolicyStore } from './policyStore.ts';
import type { Clock } from './ports.ts';
import { templateVersion } from './prompt/template.ts';
import { seededRandom } from './random.ts';

/** Whether code of these files may be sent to an endpoint that is not on this machine. */
export type Consent = (question: {
  readonly root: string;
  readonly endpoint: string;
  readonly model: string;
  readonly files: readonly string[];
}) => Promise<boolean>;

/** What models are reached with. */
export interface ModelAccess {
  readonly settings: ModelSettings;
  /** For `OPENAI_BASE_URL` and `OPENAI_API_KEY`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly consent: Consent;
  /** A line of an answer as it arrives. */
  readonly onLine: (line: string) => void;
  /** Models of the editor; absent where there is none. */
  readonly editorModel?: ((model: string) => ModelClient) | undefined;
}

export interface PolicyContext extends ModelAccess {
  readonly syntax: CppSyntaxTrees;
  readonly root: string;
  readonly manifest: Manifest;
  /** What the run had used before, where it goes on. */
  readonly spent?: TokenUsage;
  /** Version of the built-in policy, where the run goes on. Absent: the promoted one. */
  readonly playbookVersion?: string | undefined;
}

/** Options that raise the limits. */
const limitNames: Readonly<Record<keyof BudgetLimits, string>> = {
  tokens: '--token-budget (annsmith.model.tokenBudget)',
  cost: '--cost-budget (annsmith.model.costBudget)',
  seconds: 'the limit of seconds',
};

/** The policy of a specification such as `playbook` or `openai:MODEL,playbook`. @throws UserError for one that there is not. */
export function openPolicy(spec: string, context: PolicyContext): Policy {
  const { settings, clock, spent, syntax, playbookVersion } = context;
  const budget = new ModelBudget(
    { tokens: settings.tokenBudget ?? undefined, cost: settings.costBudget ?? undefined },
    { clock, names: limitNames, ...(spent === undefined ? {} : { spent: { usage: spent, seconds: 0 } }) },
  );
  const policies = parsePolicies(spec).map((own) =>
    own.kind === 'playbook'
      ? createPlaybookPolicy({ catalogue, syntax, trained: new PolicyStore(clock).sampling(playbookVersion) })
      : modelPolicy(own, context, budget),
  );
  const [first, ...rest] = policies;
  if (first === undefined) throw new Error(`${spec}: no policy`);
  return rest.length === 0 ? first : mixOf(policies);
}

/** Says at once, before anything is fetched or built, that a policy cannot be opened. @throws UserError */
export function requirePolicies(spec: string, access: Omit<ModelAccess, 'consent' | 'onLine'>): void {
  for (const own of parsePolicies(spec)) if (own.kind !== 'playbook') openModel(own, access);
}

/** A model that can be asked. @throws UserError where there is none of this kind here. */
export function openModel(spec: PolicySpec, access: Omit<ModelAccess, 'consent' | 'onLine'>): ModelClient {
  const { settings, environment, clock, editorModel } = access;
  if (spec.kind === 'openai') {
    const endpoint = endpointOfEnvironment(environment);
    const { baseUrl, headers, pricePerMillion } = settings;
    return createOpenAiClient({
      ...endpoint,
      model: spec.model,
      baseUrl: baseUrl ?? endpoint.baseUrl,
      headers: { ...endpoint.headers, ...headers },
      price: pricePerMillion,
      clock,
      random: seededRandom(clock.now() >>> 0, 'back-off'),
    });
  }
  if (spec.kind === 'vscode' && editorModel !== undefined)
    return editorModel(`${spec.vendor}/${spec.family}`);
  throw new UserError(
    'no-such-policy',
    spec.kind === 'vscode'
      ? `${spec.id} is a model of VS Code, and there is no VS Code here`
      : `${spec.id} is no language model`,
    'Name a model as openai:MODEL, or run it in the editor.',
  );
}

function modelPolicy(spec: PolicySpec, context: PolicyContext, budget: ModelBudget): Policy {
  const { settings, syntax, root, manifest, onLine } = context;
  const client = withBudget(openModel(spec, context), budget, settings.pricePerMillion);
  const build = contrastivePrompt(settings);
  const locate = (ref: Parameters<typeof locateRegion>[1], text: string): ReturnType<typeof locateRegion> =>
    locateRegion(syntax, ref, text);
  const read: Parameters<typeof createModelPolicy>[0]['read'] = (text, { files, regions }) =>
    parseCompletion(text, { files, regions, locate });
  return createModelPolicy({
    client,
    template: templateVersion,
    temperature: settings.temperature,
    maxTokens: settings.maxTokens,
    prompt: (request) => build(request, root),
    read,
    parts: (request, completion) => {
      const { outcome, design } = read(completion, request);
      return outcome.kind === 'files' ? hunkParts(request.files, outcome.files, design) : [];
    },
    style: styleGate(syntax, manifest.style),
    consent: async (files) =>
      isLoopback(client.endpoint) ||
      context.consent({ root, endpoint: client.endpoint, model: client.id, files }),
    scrub: scrubbed(root),
    onLine,
  });
}

/** Several policies in one run: each group whole from one of them, by what their groups brought for what they cost. */
function mixOf(members: readonly Policy[]): Policy {
  return {
    id: members.map(({ id }) => id).join(','),
    version: members.map(({ version }) => version).join(','),
    members,
    choose: (history, seed) => {
      const id = choosePolicy(
        members.map((member) => member.id),
        history.map(({ policy, rewards, seconds, cost }) => ({
          policy,
          reward: Math.max(0, ...rewards),
          seconds,
          dollars: cost,
        })),
        seededRandom(seed, 'bandit'),
      );
      return members.find((member) => member.id === id)!;
    },
    // biome-ignore lint/correctness/useYield: groups come from the members.
    async *sample() {
      throw new Error('a mix of policies is sampled from one of them');
    },
  };
}
