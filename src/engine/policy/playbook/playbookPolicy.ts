import { createHash } from 'node:crypto';
import type { Completion, FileTexts, Policy, PolicyRequest } from '../../../protocol/policy.ts';
import type { CppSyntax } from '../../ports.ts';
import { seededRandom } from '../../random.ts';
import { createGrammar, type Grammar } from './grammar.ts';
import { exemplarsOf } from './network/exemplars.ts';
import { networkContext, type TrainedNetwork } from './network/playbookModel.ts';
import type { Situation } from './network/situation.ts';
import type { PriorTable } from './prior.ts';
import { decodeProgram, printProgram } from './program.ts';
import { type EditedFiles, ProgramEditor } from './programEditor.ts';
import { programParts } from './programParts.ts';
import { publishedPrior } from './publishedPrior.ts';
import type { Rewrite } from './rewrite.ts';
import { type SampledTokens, type SamplingOptions, sampleTokens } from './sampler.ts';

/** Draws per wanted program before the space counts as exhausted. */
const drawsPerProgram = 200;

export interface PlaybookOptions {
  readonly catalogue: readonly Rewrite[];
  readonly syntax: CppSyntax;
  readonly prior?: PriorTable;
  /** Above 0; default 1. */
  readonly temperature?: number;
  /** What was learned over the prior. Absent: the prior alone. */
  readonly trained?: TrainedNetwork | undefined;
}

/** What a request comes to before anything is drawn. */
interface Reading {
  readonly editor: ProgramEditor;
  readonly declines: ReadonlyMap<string, string>;
  readonly situation: Situation;
}

interface Draw {
  readonly sampled: SampledTokens;
  readonly text: string;
  readonly edited: EditedFiles;
}

/**
 * The built-in policy: samples edit programs over a catalogue of rewrites, offline and seeded. A program whose texts
 * equal those of an earlier one of the group is drawn again; the logprobs stay those of the single draw.
 */
export function createPlaybookPolicy({
  catalogue,
  syntax,
  prior = publishedPrior,
  temperature = 1,
  trained,
}: PlaybookOptions): Policy {
  if (!(temperature > 0 && Number.isFinite(temperature))) {
    throw new RangeError(`temperature must be above 0, not ${temperature}`);
  }
  const grammar = createGrammar(catalogue);
  if (trained !== undefined && trained.grammar !== grammar.version) {
    throw new Error(`${trained.version} was trained for another vocabulary than this catalogue's`);
  }
  const readings = new WeakMap<PolicyRequest, Reading>();

  const readingOf = (request: PolicyRequest): Reading => {
    const known = readings.get(request);
    if (known !== undefined) return known;
    const editor = new ProgramEditor(catalogue, request, syntax);
    const declines = editor.declines();
    const { module, facts } = request;
    const situation: Situation = {
      module,
      facts: { ...facts, isa: [...facts.isa] },
      available: catalogue.map(({ id }) => id).filter((id) => !declines.has(id)),
      exemplars: exemplarsOf(grammar, request),
      temperature,
    };
    const reading = { editor, declines, situation };
    readings.set(request, reading);
    return reading;
  };

  function* distinctDraws(request: PolicyRequest, editor: ProgramEditor, options: SamplingOptions) {
    const random = seededRandom(request.seed, `playbook/${request.module}`);
    const programs = new Set<string>();
    const texts = new Set<string>();
    for (let draw = 0; draw < request.group * drawsPerProgram && texts.size < request.group; ++draw) {
      const sampled = sampleTokens(options, random);
      const decoded = sampled && decodeProgram(grammar, request.module, sampled.tokenIds);
      if (sampled === undefined || decoded?.kind !== 'program') return;
      const text = printProgram(grammar, decoded.program);
      if (programs.has(text)) continue;
      programs.add(text);
      const edited = editor.apply(decoded.program);
      const key = textsKey(edited.changed);
      if (texts.has(key)) continue;
      texts.add(key);
      yield { sampled, text, edited } satisfies Draw;
    }
  }

  return {
    id: 'playbook',
    version: trained?.version ?? untrainedVersion(prior, grammar.version),
    async *sample(request, signal) {
      const { editor, declines, situation } = readingOf(request);
      const draws: Draw[] = [];
      const options: SamplingOptions = {
        grammar,
        prior,
        module: request.module,
        available: new Set(situation.available),
        temperature,
        ...(trained === undefined ? {} : { corrections: correctionsOf(grammar, trained, situation) }),
      };
      for (const draw of distinctDraws(request, editor, options)) {
        signal?.throwIfAborted();
        draws.push(draw);
      }
      const groupNotes = [...declines].map(([id, reason]) => `not offered: ${id}: ${reason}`);
      if (draws.length < request.group) {
        groupNotes.push(`only ${draws.length} distinct programs were found for a group of ${request.group}`);
      }
      if (draws.length === 0) yield nothingApplies(request, groupNotes);
      for (const draw of draws) yield completionOf(draw, groupNotes);
    },
    condition: (request) => {
      const { available, exemplars } = readingOf(request).situation;
      return { available, exemplars, temperature, grammar: grammar.version };
    },
    parts: (request, completion) =>
      programParts(
        { catalogue, grammar, prior, editor: new ProgramEditor(catalogue, request, syntax) },
        request,
        completion,
      ),
  };
}

/** What the policy's groups are logged under while no network is promoted. */
export function untrainedVersion(prior: PriorTable, grammarVersion: string): string {
  return `${prior.version}+${grammarVersion.slice(0, 12)}`;
}

function correctionsOf(
  grammar: Grammar,
  { network }: TrainedNetwork,
  situation: Situation,
): NonNullable<SamplingOptions['corrections']> {
  const context = networkContext(grammar, situation);
  return (prefix, allowed) => network.corrections(context, network.choice(context, prefix), allowed);
}

function completionOf({ sampled, text, edited }: Draw, groupNotes: readonly string[]): Completion {
  const notes = [...edited.notes, ...groupNotes];
  return {
    text,
    ...sampled,
    outcome:
      edited.changed.size > 0
        ? { kind: 'files', files: edited.changed, notes }
        : { kind: 'rejected', reason: 'does-not-apply', detail: notes.join('\n') },
  };
}

function nothingApplies({ module }: PolicyRequest, notes: readonly string[]): Completion {
  const detail = [`no rewrite of the playbook fits the ${module} module of this workspace`, ...notes].join(
    '\n',
  );
  return {
    text: 'end',
    tokenIds: [],
    logprobs: [],
    outcome: { kind: 'rejected', reason: 'does-not-apply', detail },
  };
}

function textsKey(files: FileTexts): string {
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}
