import type { CommandTarget } from '../../feature.ts';

/** One row of a tree view, before it becomes a `TreeItem`. */
export interface ViewNode {
  /** Unique in its view and the same after a refresh, by which expansion and selection are kept. */
  readonly id: string;
  readonly label: string;
  readonly description?: string;
  readonly tooltip?: readonly TooltipPart[];
  readonly icon?: NodeIcon;
  /** `contextValue`, one of `itemKinds`. */
  readonly kind?: string;
  /** What commands on the row are about. */
  readonly target: CommandTarget;
  /** A click goes to the target's file and line. */
  readonly goes?: boolean;
  /** Open before the user has opened or closed it. */
  readonly expanded?: boolean;
  /** What a screen reader says in place of label and description, where the icon says more than they do. */
  readonly spoken?: string;
  readonly children: readonly ViewNode[];
}

/** Nothing in it is read as markup: names and messages come from files and compilers. */
export interface TooltipPart {
  readonly kind: 'title' | 'text' | 'code';
  readonly text: string;
}

export interface NodeIcon {
  /** Of a codicon; `~spin` makes it turn. */
  readonly name: string;
  /** Id of a theme colour. */
  readonly colour?: string;
}

export const title = (text: string): TooltipPart => ({ kind: 'title', text });
export const line = (text: string): TooltipPart => ({ kind: 'text', text });
export const code = (text: string): TooltipPart => ({ kind: 'code', text });

/** What is there of the parts of a description, with dots between. */
export function described(...parts: readonly (string | null | undefined | false)[]): string {
  return parts.filter((part) => typeof part === 'string' && part !== '').join(' · ');
}
