import type { ModuleName } from '../../src/protocol/module.ts';
import type { FileTexts } from '../../src/protocol/policy.ts';
import type { RejectionReason } from '../../src/protocol/verdict.ts';
import type { Fixture } from '../engine/fixture.ts';

/** A patch of one module that looks faster, or does what no index may, and how it has to be caught. */
export interface Cheat {
  readonly name: string;
  readonly edit: (files: FileTexts, fixture: Fixture) => Promise<FileTexts> | FileTexts;
  readonly reason: RejectionReason;
  readonly check: string;
}

/** Code that resembles cheats and is honest: the whole cascade lets it through. */
export interface HonestTwin {
  readonly name: string;
  readonly edit: (files: FileTexts) => FileTexts;
}

export interface ModuleCases {
  readonly module: ModuleName;
  readonly cheats: readonly Cheat[];
  readonly twins: readonly HonestTwin[];
}

/** Places to replace, each of which stands once in its file. */
export type Replacement = readonly [file: string, from: string, to: string];

/** The texts of the files that the replacements change. */
export function replaced(files: FileTexts, replacements: readonly Replacement[]): FileTexts {
  const changed = new Map<string, string>();
  for (const [file, from, to] of replacements) {
    const path = `include/hnsw/${file}`;
    const text = changed.get(path) ?? files.get(path) ?? '';
    if (text.split(from).length !== 2) throw new Error(`${path}: "${from}" does not stand there once`);
    changed.set(
      path,
      text.replace(from, () => to),
    );
  }
  return changed;
}

export function edit(...replacements: readonly Replacement[]): (files: FileTexts) => FileTexts {
  return (files) => replaced(files, replacements);
}
