import type { WorkspaceOverview } from '../../../protocol/engine.ts';
import type { ViewNode } from './node.ts';

/**
 * Puts a level of folders above the rows where several folders have a manifest. Folders without rows are left out, so
 * that a view without any row shows its welcome.
 */
export function byFolder(
  workspaces: readonly WorkspaceOverview[],
  idPrefix: string,
  rowsOf: (workspace: WorkspaceOverview) => readonly ViewNode[],
): readonly ViewNode[] {
  const withManifest = workspaces.filter(({ state }) => state === 'ready' || state === 'broken');
  const folders = withManifest.map((workspace) => ({ workspace, rows: rowsOf(workspace) }));
  if (withManifest.length < 2) return folders.flatMap(({ rows }) => rows);
  return folders
    .filter(({ rows }) => rows.length > 0)
    .map(({ workspace: { root, name }, rows }) => ({
      id: `${idPrefix}:${root}`,
      label: name,
      description: root.slice(root.lastIndexOf('/') + 1) === name ? '' : root,
      icon: { name: 'root-folder' },
      target: { root },
      expanded: true,
      children: rows,
    }));
}
