import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Checkpoint,
  checkpointFormat,
  type GrpoRoundReport,
  type Promoted,
  promotedSchema,
  type VersionSummary,
} from '../protocol/grpo.ts';
import { decodeNumbers, encodeNumbers, readCheckpoint, writeCheckpoint } from './checkpointFile.ts';
import { dataFolder } from './dataFolder.ts';
import { errorText, UserError, withDiskFull } from './errors.ts';
import { type AdamState, newAdamState } from './grpo/adamW.ts';
import { catalogue } from './policy/playbook/catalogue.ts';
import { createGrammar, type Grammar } from './policy/playbook/grammar.ts';
import { networkLayout, PlaybookNetwork, weightCount } from './policy/playbook/network/network.ts';
import type { TrainedNetwork } from './policy/playbook/network/playbookModel.ts';
import { untrainedVersion } from './policy/playbook/playbookPolicy.ts';
import { publishedPrior } from './policy/playbook/publishedPrior.ts';
import type { Clock } from './ports.ts';
import { withProcessLock } from './processLock.ts';
import { filesIn, readRoundReports, writeRoundReport } from './roundReports.ts';
import { writeWhole } from './wholeFile.ts';

/** A version in training: its network, the optimizer's memory, and where it comes from. */
export interface LoadedVersion {
  readonly version: string;
  /** 0 for the published prior. */
  readonly generation: number;
  readonly network: PlaybookNetwork;
  readonly adam: AdamState;
}

/** What a new checkpoint says besides its numbers. */
export type CheckpointFacts = Pick<Checkpoint, 'metrics' | 'ledger'>;

type Pointer = Pick<Promoted, 'promoted' | 'history'>;

/** Versions of the built-in policy on this machine, and which of them samples. */
export class PolicyStore {
  readonly folder: string;
  readonly grammar: Grammar = createGrammar(catalogue);
  readonly #clock: Pick<Clock, 'now'>;

  constructor(clock: Pick<Clock, 'now'>, folder = join(dataFolder(), 'policies', 'playbook')) {
    this.folder = folder;
    this.#clock = clock;
  }

  /** The version of groups that are sampled while nothing is promoted. */
  get priorVersion(): string {
    return untrainedVersion(publishedPrior, this.grammar.version);
  }

  /** The promoted version's name, that of the prior where none is. @throws UserError where the pointer is damaged. */
  get promotedVersion(): string {
    return this.#pointer().promoted ?? this.priorVersion;
  }

  /** What samples now; undefined for the published prior. @throws UserError where it cannot be used. */
  promoted(): TrainedNetwork | undefined {
    const { promoted } = this.#pointer();
    return promoted === null ? undefined : this.trained(promoted);
  }

  /** A version that samples; undefined for the published prior. @throws UserError where it cannot be used. */
  trained(version: string): TrainedNetwork | undefined {
    if (version === this.priorVersion) return undefined;
    return { version, grammar: this.grammar.version, network: this.load(version).network };
  }

  /** What sampled a run under this version: `promoted` for none given. Undefined for a prior, of then or now. */
  sampling(version: string | undefined): TrainedNetwork | undefined {
    if (version === undefined) return this.promoted();
    return version.startsWith('pb-') ? this.trained(version) : undefined;
  }

  /** A version to train on. @throws UserError where it cannot be used. */
  load(version: string): LoadedVersion {
    const size = this.grammar.vocabulary.length;
    if (version === this.priorVersion) {
      const network = PlaybookNetwork.untrained(size);
      return { version, generation: 0, network, adam: newAdamState(network.weights.length) };
    }
    const { generation, network, optimizer } = this.#usable(version);
    return {
      version,
      generation,
      network: new PlaybookNetwork(size, decodeNumbers(network.weights), network.hidden),
      adam: {
        step: optimizer.step,
        first: decodeNumbers(optimizer.first),
        second: decodeNumbers(optimizer.second),
      },
    };
  }

  /** What a version was trained on, and what that came to; undefined where it cannot be used. */
  facts(version: string): CheckpointFacts | undefined {
    return this.#isUsable(version) ? this.#usable(version) : undefined;
  }

  /** Keeps a trained network as a new version, not yet promoted. The same weights of the same parent are one version. */
  async save(
    parent: Pick<LoadedVersion, 'version' | 'generation'>,
    { network, adam }: Pick<LoadedVersion, 'network' | 'adam'>,
    facts: CheckpointFacts,
  ): Promise<string> {
    const weights = encodeNumbers(network.weights);
    const hash = createHash('sha256').update(`${parent.version}/${weights}`).digest('hex').slice(0, 8);
    const generation = parent.generation + 1;
    const version = `pb-${generation}-${hash}`;
    if (this.#isUsable(version)) return version;
    await this.#writing(() =>
      writeCheckpoint(this.#path(version), {
        format: checkpointFormat,
        policy: 'playbook',
        version,
        generation,
        parent: parent.generation === 0 ? null : parent.version,
        created: new Date(this.#clock.now()).toISOString(),
        grammar: this.grammar.version,
        prior: publishedPrior.version,
        network: { layout: networkLayout, hidden: network.hidden, weights },
        optimizer: {
          step: adam.step,
          first: encodeNumbers(adam.first),
          second: encodeNumbers(adam.second),
        },
        ...facts,
      }),
    );
    return version;
  }

  /**
   * From here on this version samples; `prior` is the published prior. With `from` only where that one samples until now:
   * false where another was promoted meanwhile, which then stays. @throws UserError where it cannot be used.
   */
  async promote(name: string, { from }: { readonly from?: string } = {}): Promise<boolean> {
    const promoted = name === 'prior' || name === this.priorVersion ? null : name;
    if (promoted !== null) this.#usable(promoted);
    const pointer = await this.#point((before) => {
      if (before.promoted === promoted) return { promoted, history: before.history };
      if (from !== undefined && from !== (before.promoted ?? this.priorVersion)) return undefined;
      return { promoted, history: [...before.history, before.promoted] };
    });
    return pointer !== undefined;
  }

  /** Back to what was promoted before. @throws UserError where nothing was, or it cannot be used. */
  async rollBack(): Promise<void> {
    await this.#point(({ history }) => {
      const previous = history.at(-1);
      if (previous === undefined) {
        throw new UserError(
          'nothing-to-roll-back',
          'nothing was promoted before the version that samples now',
          'List the versions with `annsmith grpo list`, and name one with `annsmith grpo promote VERSION`.',
        );
      }
      if (previous !== null) this.#usable(previous);
      return { promoted: previous, history: history.slice(0, -1) };
    });
  }

  /** Every version, oldest first, the published prior before all. */
  async list(): Promise<VersionSummary[]> {
    const { promoted } = this.#pointer();
    const prior: VersionSummary = {
      version: this.priorVersion,
      parent: null,
      created: null,
      promoted: promoted === null,
      metrics: null,
    };
    const names = (await filesIn(this.folder)).flatMap(
      (file) => /^(pb-\d+-[0-9a-f]{8})\.json$/.exec(file)?.[1] ?? [],
    );
    const versions = names.map((version): VersionSummary => {
      const own = { version, promoted: version === promoted };
      try {
        const { parent, created, metrics } = this.#usable(version);
        return { ...own, parent: parent ?? this.priorVersion, created, metrics };
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        return { ...own, parent: null, created: null, metrics: null, problem: errorText(error) };
      }
    });
    return [prior, ...versions.sort((a, b) => ((a.created ?? '') < (b.created ?? '') ? -1 : 1))];
  }

  /** Keeps what came of a round. */
  saveRound(report: GrpoRoundReport): Promise<void> {
    return this.#writing(() => writeRoundReport(this.folder, report));
  }

  /** What came of the rounds so far, oldest first. */
  rounds(): Promise<GrpoRoundReport[]> {
    return readRoundReports(this.folder);
  }

  #path(version: string): string {
    return join(this.folder, `${version}.json`);
  }

  #isUsable(version: string): boolean {
    try {
      this.#usable(version);
      return true;
    } catch (error) {
      if (error instanceof UserError) return false;
      throw error;
    }
  }

  #usable(version: string): Checkpoint {
    if (!/^pb-\d+-[0-9a-f]{8}$/.test(version)) {
      throw new UserError(
        'no-such-version',
        `"${version}" is no version of the built-in policy`,
        'List them with `annsmith grpo list`.',
      );
    }
    const checkpoint = readCheckpoint(this.#path(version), version);
    const { grammar, prior, network, optimizer } = checkpoint;
    const other =
      grammar !== this.grammar.version
        ? 'the rewrites of the playbook have changed since'
        : prior !== publishedPrior.version
          ? `it adds to ${prior}, and the published prior is now ${publishedPrior.version}`
          : network.layout !== networkLayout
            ? `its network has layout ${network.layout}, this program's has ${networkLayout}`
            : undefined;
    if (other !== undefined) {
      throw new UserError(
        'other-vocabulary',
        `version ${version} of the policy cannot be used: ${other}`,
        'Go back to the published prior with `annsmith grpo promote prior`, and train anew.',
      );
    }
    const count = weightCount(this.grammar.vocabulary.length, network.hidden);
    for (const numbers of [network.weights, optimizer.first, optimizer.second]) {
      const decoded = decodeNumbers(numbers);
      if (decoded.length === count && decoded.every(Number.isFinite)) continue;
      throw new UserError(
        'damaged-checkpoint',
        `${this.#path(version)}: its numbers are not those of a network`,
        'Use another version: `annsmith grpo list`, `annsmith grpo promote VERSION`.',
      );
    }
    return checkpoint;
  }

  #pointer(): Pointer {
    const path = join(this.folder, 'promoted.json');
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return { promoted: null, history: [] };
    }
    try {
      return promotedSchema.parse(JSON.parse(text));
    } catch (error) {
      throw new UserError(
        'damaged-pointer',
        `${path}: does not say which version is promoted`,
        'Delete the file, and name a version with `annsmith grpo promote VERSION`.',
        error,
      );
    }
  }

  /** Writes what comes next, where there is anything; gives what is written. */
  async #point(next: (before: Pointer) => Pointer | undefined): Promise<Promoted | undefined> {
    return this.#writing(async () => {
      const after = next(this.#pointer());
      if (after === undefined) return undefined;
      const at = new Date(this.#clock.now()).toISOString();
      const pointer: Promoted = { format: checkpointFormat, ...after, at };
      await writeWhole(join(this.folder, 'promoted.json'), `${JSON.stringify(pointer)}\n`);
      return pointer;
    });
  }

  /** One writer at a time, over all windows and commands. */
  async #writing<T>(work: () => Promise<T>): Promise<T> {
    try {
      await mkdir(this.folder, { recursive: true });
      return await withProcessLock(join(this.folder, 'promoted.json'), {}, work);
    } catch (error) {
      throw withDiskFull(error, this.folder);
    }
  }
}
