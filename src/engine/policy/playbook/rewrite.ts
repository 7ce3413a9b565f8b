import type { Manifest } from '../../../protocol/manifest.ts';
import type { ModuleName } from '../../../protocol/module.ts';
import type { Facts, FileTexts } from '../../../protocol/policy.ts';
import type { CppSyntax } from '../../ports.ts';

/** A number that a rewrite writes into the code as a named constant. */
export interface RewriteParameter {
  readonly name: string;
  /** The values on offer, ascending. */
  readonly values: readonly number[];
  /** What the number counts, unit included. */
  readonly meaning: string;
}

/** What a rewrite may look at. */
export interface RewriteSource {
  readonly files: FileTexts;
  readonly manifest: Manifest;
  readonly facts: Facts;
  readonly syntax: CppSyntax;
}

export type RewriteResult =
  | { readonly kind: 'edited'; readonly files: FileTexts; readonly note: string }
  | { readonly kind: 'declined'; readonly reason: string };

/**
 * A known way to make one module faster. It finds its place by the manifest's roles and by syntax, and declines where
 * the code has another shape. Pure: the same source and values give the same text.
 */
export interface Rewrite {
  readonly id: string;
  readonly module: ModuleName;
  readonly title: string;
  /** Why it is faster, in one line. */
  readonly cause: string;
  readonly parameters: readonly RewriteParameter[];
  /** Ids of rewrites that cannot be in the same program. */
  readonly conflictsWith: readonly string[];
  /** `values` holds one value per parameter. The files of the result are the whole new map. */
  apply(source: RewriteSource, values: Readonly<Record<string, number>>): RewriteResult;
}
