import { replaceImplementation } from './classBodies.ts';
import { type CppClass, method, readClass } from './cppClass.ts';
import { addSystemIncludes } from './cppIncludes.ts';
import { unwrapTemplate } from './cppNodes.ts';
import { declined, type RoleSite, type SiteEdits } from './editRole.ts';

/** A candidate pool class over two heaps, and what it holds. */
export interface PoolClass {
  readonly kind: 'pool';
  readonly type: CppClass;
  /** Type of a waiting or found node. */
  readonly node: string;
}

export function readPool(site: RoleSite): PoolClass | ReturnType<typeof declined> {
  const type = readClass(unwrapTemplate(site.node));
  const element = type && method(type, 'push')?.parameters[0];
  if (!type || !element) return declined('the candidate pool is not a class with a method `push(node)`');
  if (!/_heap\b|priority_queue/.test(type.body.text)) return declined('the pool is a sorted array already');
  return { kind: 'pool', type, node: element.type.replaceAll(/\bconst\b|&/g, '').trim() };
}

/** What differs between pools of one sorted array `found_`, whose nearest waiting node is `found_[next_]`. */
export interface SortedPool {
  /** Name of the node's distance. */
  readonly distance: string;
  /** Statements of `Reset(ef)` besides those for ef_, found_ and next_. */
  readonly reset: string;
  readonly push: (name: string) => string;
  readonly pop: string;
  readonly sorted: string;
  readonly bytes: string;
  readonly privates: string;
  readonly note: string;
}

/** Puts one sorted array of the best ef nodes in the place of a pool's heaps. */
export function sortPool(site: RoleSite, { type }: PoolClass, pool: SortedPool): SiteEdits {
  const { distance, push, note } = pool;
  const result = replaceImplementation(site.text, type, {
    bodies: {
      reset: ([ef]) => `ef_ = ${ef};\nfound_.clear();\n${pool.reset}next_ = 0;`,
      full: () => 'return found_.size() >= ef_;',
      worst: () => `return full() ? found_.back().${distance} : std::numeric_limits<float>::infinity();`,
      push: ([name]) => push(name ?? 'node'),
      hasnext: () => 'return next_ < found_.size();',
      pop: () => pool.pop,
      sorted: () => pool.sorted,
      bytes: () => pool.bytes,
    },
    privates: pool.privates,
  });
  if (result.kind === 'declined') return result;
  const headers = ['algorithm', 'cstddef', 'cstdint', 'limits', 'vector'];
  const includes = addSystemIncludes(site.root, site.text, headers);
  if (!includes) return declined(`${site.file} has no place for its #include lines`);
  return { kind: 'edits', edits: [...includes, ...result.edits], note };
}
