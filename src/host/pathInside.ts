import { isAbsolute, relative, sep } from 'node:path';

/** The path of a file below a folder, with `/`; undefined for one that is not below it. */
export function pathInside(folder: string, file: string): string | undefined {
  const path = relative(folder, file);
  if (path === '' || path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path)) return undefined;
  return path.split(sep).join('/');
}

/** The innermost of the folders that holds the file. */
export function innermost<T extends { readonly root: string }>(
  folders: readonly T[],
  file: string,
): T | undefined {
  return folders
    .filter(({ root }) => pathInside(root, file) !== undefined)
    .toSorted((a, b) => b.root.length - a.root.length)[0];
}
