import { type MetricName, metricNames, type SyntheticKind } from '../../protocol/dataset.ts';
import { UserError } from '../errors.ts';

/** Names of this form belong to synthetic sets; others cannot have them. */
export const syntheticPrefix = 'synthetic-';

/** The kinds of synthetic sets, for people who choose one. */
export const syntheticKinds: readonly SyntheticKind[] = [
  {
    kind: 'clusters',
    about: 'Gaussian clusters, `clusters` of them (default: the square root of n)',
    example: 'synthetic-clusters:n=100k,d=128,seed=1',
  },
  {
    kind: 'uniform',
    about: 'uniform in a cube: no structure at all, hard from some 20 dimensions on',
    example: 'synthetic-uniform:n=100k,d=16,seed=1',
  },
  {
    kind: 'manifold',
    about: 'a curved surface of `intrinsic` dimensions (default 16, at most d) in d dimensions',
    example: 'synthetic-manifold:n=1m,d=128,intrinsic=12,seed=1',
  },
];

const limits = { n: 10_000_000, d: 4096, queries: 100_000, seed: 2 ** 32 - 1 };
/** Values in the base: 8 GiB of float32. */
const largestBase = 2 ** 31;
const defaultQueries = 10_000;
const defaultIntrinsic = 16;

/** What a synthetic name stands for. */
export interface SyntheticSpec {
  /** The one spelling that all spellings of the same set come down to. */
  readonly name: string;
  readonly kind: SyntheticKind['kind'];
  readonly n: number;
  readonly d: number;
  readonly queries: number;
  readonly metric: MetricName;
  readonly seed: number;
  /** For `clusters` and `manifold`; without meaning for other kinds. */
  readonly clusters: number;
  readonly intrinsic: number;
}

function wrong(name: string, problem: string, example: string): UserError {
  return new UserError(
    'dataset-name',
    `${name}: ${problem}`,
    `Example: ${example}. Also: queries=${defaultQueries}, metric=${metricNames.join('|')}.`,
  );
}

/** Reads `synthetic-KIND:key=value,...`; undefined for a name of another form. Throws `dataset-name`. */
export function parseSyntheticName(text: string): SyntheticSpec | undefined {
  if (!text.startsWith(syntheticPrefix)) return undefined;
  const [head = '', tail = ''] = text.split(/:(.*)/s, 2);
  const known = syntheticKinds.find(({ kind }) => head === syntheticPrefix + kind);
  if (known === undefined) {
    const kinds = syntheticKinds.map(({ kind }) => syntheticPrefix + kind).join(', ');
    throw wrong(text, `there is no ${head}; there are ${kinds}`, syntheticKinds[0]!.example);
  }
  const { kind, example } = known;
  const values = new Map<string, string>();
  const keys = ['n', 'd', 'queries', 'metric', 'seed', ...ownKeys(kind)];
  for (const part of tail.split(',').filter((p) => p !== '')) {
    const [key = '', value = ''] = part.split('=', 2);
    if (!keys.includes(key)) throw wrong(text, `unknown key ${key}; there are ${keys.join(', ')}`, example);
    if (values.has(key)) throw wrong(text, `${key} is given twice`, example);
    values.set(key, value);
  }
  const integer = (key: string, smallest: number, largest: number, otherwise?: number): number => {
    const value = values.get(key);
    if (value === undefined && otherwise !== undefined) return otherwise;
    if (value === undefined) throw wrong(text, `${key} is missing`, example);
    const number = parseCount(value);
    if (number === undefined || number < smallest || number > largest) {
      throw wrong(text, `${key} must be a whole number from ${smallest} to ${largest}`, example);
    }
    return number;
  };
  const n = integer('n', 1, limits.n);
  const d = integer('d', 1, limits.d);
  if (n * d > largestBase) throw wrong(text, `n times d must be at most ${largestBase}`, example);
  const metric = metricNames.find((metricName) => metricName === (values.get('metric') ?? 'euclidean'));
  if (metric === undefined) throw wrong(text, `metric must be one of ${metricNames.join(', ')}`, example);
  const spec = {
    kind,
    n,
    d,
    queries: integer('queries', 1, limits.queries, defaultQueries),
    metric,
    seed: integer('seed', 0, limits.seed, 1),
    clusters: integer('clusters', 1, n, defaultClusters(n)),
    intrinsic: integer('intrinsic', 1, d, Math.min(d, defaultIntrinsic)),
  };
  return { ...spec, name: canonicalName(spec) };
}

function ownKeys(kind: SyntheticKind['kind']): string[] {
  if (kind === 'clusters') return ['clusters'];
  return kind === 'manifold' ? ['intrinsic'] : [];
}

function defaultClusters(n: number): number {
  return Math.round(Math.sqrt(n));
}

/** Digits, or digits and k (thousands) or m (millions). */
function parseCount(text: string): number | undefined {
  const match = /^(\d{1,15})([km]?)$/i.exec(text);
  if (match === null) return undefined;
  const unit = { '': 1, k: 1e3, m: 1e6 }[match[2]!.toLowerCase()]!;
  return Number(match[1]) * unit;
}

/** Shape and seed always, the rest where it differs from its default. */
function canonicalName(spec: Omit<SyntheticSpec, 'name'>): string {
  const { kind, n, d, queries, metric, seed, clusters, intrinsic } = spec;
  const parts = [`n=${n}`, `d=${d}`];
  if (clusters !== defaultClusters(n)) parts.push(`clusters=${clusters}`);
  if (intrinsic !== Math.min(d, defaultIntrinsic)) parts.push(`intrinsic=${intrinsic}`);
  if (queries !== defaultQueries) parts.push(`queries=${queries}`);
  if (metric !== 'euclidean') parts.push(`metric=${metric}`);
  return `${syntheticPrefix}${kind}:${[...parts, `seed=${seed}`].join(',')}`;
}
