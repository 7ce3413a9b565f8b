import {
  type Disposable,
  type Event,
  EventEmitter,
  MarkdownString,
  ThemeColor,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
} from 'vscode';
import type { CommandTarget } from '../feature.ts';
import { commands } from '../ids.ts';
import { changedRows } from './model/changes.ts';
import type { NodeIcon, TooltipPart, ViewNode } from './model/node.ts';

/** What the editor holds of a row, and hands to commands; one object per id for as long as the row is there. */
export interface ViewElement extends CommandTarget {
  node: ViewNode;
  readonly parent: ViewElement | undefined;
}

/** A tree view's rows. Told a new tree, it has the editor ask again only for the rows that differ. */
export class NodeTree implements TreeDataProvider<ViewElement>, Disposable {
  readonly #changed = new EventEmitter<ViewElement[] | undefined>();
  #nodes: readonly ViewNode[] = [];
  #elements = new Map<string, ViewElement>();

  get onDidChangeTreeData(): Event<ViewElement[] | undefined> {
    return this.#changed.event;
  }

  show(nodes: readonly ViewNode[]): void {
    const changed = changedRows(this.#nodes, nodes);
    this.#nodes = nodes;
    const before = this.#elements;
    this.#elements = new Map();
    for (const node of nodes) this.#keep(node, undefined, before);
    if (changed === 'all') this.#changed.fire(undefined);
    else if (changed.length > 0) this.#changed.fire(changed.map((id) => this.#elements.get(id)!));
  }

  find(id: string): ViewElement | undefined {
    return this.#elements.get(id);
  }

  getChildren(element?: ViewElement): ViewElement[] {
    const nodes = element === undefined ? this.#nodes : element.node.children;
    // The editor may still ask for what is below a row that is gone.
    return nodes.flatMap(({ id }) => this.#elements.get(id) ?? []);
  }

  getParent({ parent }: ViewElement): ViewElement | undefined {
    return parent;
  }

  getTreeItem(element: ViewElement): TreeItem {
    const { id, label, description, tooltip, icon, kind, goes, expanded, spoken, children } = element.node;
    const open = expanded === true ? TreeItemCollapsibleState.Expanded : TreeItemCollapsibleState.Collapsed;
    const item = new TreeItem(label, children.length === 0 ? TreeItemCollapsibleState.None : open);
    item.id = id;
    if (description !== undefined) item.description = description;
    if (tooltip !== undefined) item.tooltip = markdown(tooltip);
    if (icon !== undefined) item.iconPath = themeIcon(icon);
    if (kind !== undefined) item.contextValue = kind;
    if (spoken !== undefined) item.accessibilityInformation = { label: spoken };
    if (goes === true) item.command = { command: commands.goToRegion, title: label, arguments: [element] };
    return item;
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #keep(node: ViewNode, parent: ViewElement | undefined, before: ReadonlyMap<string, ViewElement>): void {
    const known = before.get(node.id);
    // The editor knows rows by identity.
    const element = known?.parent === parent && known !== undefined ? known : { parent, node };
    Object.assign(element, node.target, { node });
    this.#elements.set(node.id, element);
    for (const child of node.children) this.#keep(child, element, before);
  }
}

function themeIcon({ name, colour }: NodeIcon): ThemeIcon {
  return new ThemeIcon(name, colour === undefined ? undefined : new ThemeColor(colour));
}

function markdown(parts: readonly TooltipPart[]): MarkdownString {
  const text = new MarkdownString();
  for (const part of parts) {
    if (part.kind === 'code') text.appendCodeblock(part.text, 'text');
    else if (part.kind === 'title') text.appendMarkdown(`**${escaped(part.text)}**\n\n`);
    else text.appendMarkdown(`${escaped(part.text)}\n\n`);
  }
  return text;
}

/** `MarkdownString.appendText` would make every space a fixed one, and a long line would never be wrapped. */
function escaped(text: string): string {
  return text.replace(/[!-/:-@[-`{-~]/g, '\\$&').replace(/\s+/g, ' ');
}
