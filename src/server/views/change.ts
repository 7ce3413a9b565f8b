import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parsePatch } from 'diff';
import { applyPatch } from '../../engine/candidate/patch.ts';
import { UserError } from '../../engine/errors.ts';
import { catalogue } from '../../engine/policy/playbook/catalogue.ts';
import type { CandidateStory, ModuleStory, RunStory } from '../../engine/reporting/runStory.ts';
import { readReference } from '../../engine/runReference.ts';
import type { Change } from '../../protocol/engine.ts';
import type { LedgerRecord } from '../../protocol/ledger.ts';
import type { Estimate } from '../../protocol/measurement.ts';
import type { ModuleName } from '../../protocol/module.ts';
import type { PartReport } from '../../protocol/optimize.ts';
import type { FileTexts } from '../../protocol/policy.ts';
import { oneLine } from './runs.ts';
import { storiesOf } from './stories.ts';

/** What is looked for: its patch, and the patches that lie below it. */
interface Proposal {
  readonly module: ModuleName | null;
  readonly title: string;
  readonly gain: Estimate | null;
  readonly analysis: string;
  readonly design: string;
  readonly parts: readonly PartReport[];
  readonly patch: string;
  /** Of the confirmed modules before it, in order. */
  readonly below: readonly string[];
}

/** A candidate (`best`, a module's name, or an id) as the texts that it applies to and those that come out. */
export async function changeOf(
  root: string,
  records: readonly LedgerRecord[],
  { run, candidate }: { readonly run: string; readonly candidate: string },
): Promise<Change> {
  const story = storiesOf(records).find((other) => other.run.runId === run);
  if (story === undefined) {
    throw new UserError('no-such-run', `there is no run ${run} in ${root}`, 'Refresh the list of runs.');
  }
  const { patch, below, ...facts } = proposalOf(story, candidate);
  const stored = await readReference(join(root, '.annsmith', 'runs', run));
  const reference = stored ?? (await savedTexts(root, [...below, patch]));
  const refused = (detail: string): UserError =>
    stored === undefined
      ? new UserError(
          'code-changed',
          `the code has changed since run ${run}: ${detail}`,
          'Start a new run; this one did not keep the texts that it started from.',
        )
      : new UserError(
          'run-damaged',
          `${candidate} does not apply to the texts that run ${run} started from: ${detail}`,
          'Start a new run; files of this one were changed.',
        );
  let base = reference;
  for (const step of below) base = new Map([...base, ...applied(base, step, refused)]);
  const files = [...applied(base, patch, refused)].map(([file, text]) => ({
    file,
    base: base.get(file) ?? '',
    text,
  }));
  return { run, candidate, ...facts, files };
}

function applied(base: FileTexts, patch: string, refused: (detail: string) => UserError): FileTexts {
  const result = applyPatch(base, patch);
  if (result.kind === 'applied') return result.files;
  throw refused(result.detail);
}

function proposalOf(story: RunStory, candidate: string): Proposal {
  if (candidate === 'best') return bestOf(story);
  const module = story.modules.find((other) => other.module === candidate);
  if (module !== undefined) return winnerOf(story, module);
  for (const own of story.modules) {
    const found = own.candidates.find(({ id }) => id === candidate);
    if (found !== undefined) return candidateOf(story, own, found);
  }
  const known = story.modules.flatMap(({ candidates }) => candidates.map(({ id }) => id));
  throw new UserError(
    'no-such-candidate',
    `run ${story.run.runId} has no candidate ${candidate}`,
    known.length === 0 ? 'It has none yet.' : `It has ${known.join(', ')}.`,
  );
}

function bestOf(story: RunStory): Proposal {
  const { total, modules, run } = story;
  const confirmed = modules.filter(({ end }) => end?.patch != null);
  if (total !== undefined) {
    return {
      module: null,
      title: `Everything of run ${run.runId} together`,
      gain: total.gain,
      ...unexplained,
      parts: confirmed.flatMap(({ end }) => end?.parts ?? []),
      patch: total.patch,
      below: [],
    };
  }
  const [only] = confirmed;
  if (only !== undefined && confirmed.length === 1) return winnerOf(story, only);
  throw new UserError(
    'nothing-confirmed',
    `run ${run.runId} has no confirmed result${confirmed.length > 1 ? ' of everything together' : ''}`,
    'Review one of its candidates, or resume the run.',
  );
}

function winnerOf(story: RunStory, { module, end, winner }: ModuleStory): Proposal {
  if (end === undefined || end.patch === null) {
    throw new UserError(
      'nothing-confirmed',
      `run ${story.run.runId} has no confirmed winner of ${module}`,
      'Review one of its candidates, or resume the run.',
    );
  }
  return {
    module,
    title: `Winner of ${module}, ${end.best ?? 'minimised'}`,
    gain: winner?.confirmation?.gain ?? winner?.judgement?.gain ?? null,
    ...explained(winner),
    parts: end.parts,
    patch: end.patch,
    below: patchesBefore(story, module),
  };
}

function candidateOf(story: RunStory, own: ModuleStory, candidate: CandidateStory): Proposal {
  const { id, completion, confirmation, judgement } = candidate;
  if (completion.patch === null) {
    throw new UserError(
      'no-patch',
      `candidate ${id} changes nothing: ${completion.unusable?.detail ?? 'it has no patch'}`,
      'Choose another candidate.',
    );
  }
  return {
    module: own.module,
    title: `${id}: ${oneLine(completion.text)}`,
    gain: confirmation?.gain ?? judgement?.gain ?? null,
    ...explained(candidate),
    parts: partsOf(story, own, candidate),
    patch: completion.patch,
    below: patchesBefore(story, own.module),
  };
}

const unexplained = { analysis: '', design: '' };

/** What a model wrote before its code. */
function explained(candidate: CandidateStory | undefined): Pick<Proposal, 'analysis' | 'design'> {
  const answer = candidate?.completion.answer;
  return answer === undefined ? unexplained : { analysis: answer.analysis, design: answer.design };
}

/** What the modules before this one have left behind. */
function patchesBefore({ modules }: RunStory, module: ModuleName): string[] {
  const at = modules.findIndex((other) => other.module === module);
  return modules.slice(0, at).flatMap(({ end }) => end?.patch ?? []);
}

/** Parts with the gains that taking them out has shown; a playbook's program names its parts without it. */
function partsOf(
  { run }: RunStory,
  { ablations }: ModuleStory,
  { id, completion }: CandidateStory,
): readonly PartReport[] {
  const measured = ablations
    .filter(({ candidateId }) => candidateId === id)
    .map(({ part, cause, gain }): PartReport => ({ part, cause, gain }));
  if (run.policy.id !== 'playbook') return measured;
  const named = completion.text.split(';').flatMap((step): PartReport[] => {
    const rewrite = catalogue.find((other) => other.id === step.trim().split(/\s/)[0]);
    return rewrite === undefined ? [] : [{ part: rewrite.id, cause: rewrite.cause, gain: null }];
  });
  return [...measured, ...named.filter(({ part }) => !measured.some((other) => other.part === part))];
}

/** The files that patches name, as saved. */
async function savedTexts(root: string, patches: readonly string[]): Promise<FileTexts> {
  const names = patches
    .flatMap((patch) => parsePatch(patch))
    .flatMap(({ newFileName }) => newFileName?.replace(/^b\//, '') ?? []);
  const texts = new Map<string, string>();
  for (const name of new Set(names)) {
    // Of a file that is gone the patch itself will say so.
    const text = await readFile(join(root, name), 'utf8').catch(() => undefined);
    if (text !== undefined) texts.set(name, text);
  }
  return texts;
}
