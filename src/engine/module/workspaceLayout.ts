import type { z } from 'zod';
import type { manifestSchema } from '../../protocol/manifest.ts';
import type { FileTexts } from '../../protocol/policy.ts';
import type { CppSyntaxTrees } from './cppSyntax.ts';

/** A kind of workspace that `init` knows. */
export interface WorkspaceLayout {
  /** What the layout looks for, as an error lists it. */
  readonly looksFor: string;
  /** What was recognised, or undefined. */
  recognise(files: FileTexts, syntax: CppSyntaxTrees): LayoutMatch | undefined;
}

export interface LayoutMatch {
  readonly manifest: Omit<z.input<typeof manifestSchema>, 'name' | 'index' | 'search' | 'datasets'>;
  /** Files to add beside the manifest, relative to the root. */
  readonly added: FileTexts;
  /** Why each part was chosen, and what was left out. */
  readonly reasons: readonly string[];
}
