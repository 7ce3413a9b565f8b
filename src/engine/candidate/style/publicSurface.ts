import type { StyleLimits, StyleProblem } from '../../../protocol/style.ts';
import { directivesOf, stripSource } from '../cppText.ts';
import type { CodeChange } from './codeChange.ts';
import { type Declared, declaredIn } from './declared.ts';

interface Surface {
  readonly members: ReadonlyMap<string, Declared>;
  readonly names: ReadonlyMap<string, Declared>;
  readonly macros: ReadonlyMap<string, Declared>;
}

/**
 * What headers show more than before, where that is over a limit: public members, names outside classes, macros. The
 * members of a new class are of one piece with it.
 */
export function publicProblems(changes: readonly CodeChange[], limits: StyleLimits): readonly StyleProblem[] {
  const headers = changes.filter(({ file }) => /\.(?:h|hh|hpp|hxx|inl|ipp|tcc)$/i.test(file));
  const grown = (part: keyof Surface, limit: number, what: string): StyleProblem[] => {
    const added: StyleProblem[] = [];
    let lost = 0;
    for (const { file, oldTree, tree, before, after } of headers) {
      const oldNames = declaredIn(oldTree.rootNode);
      const old = surfaceOf(oldNames, before);
      const hiding = hidingClasses(oldNames);
      const now = surfaceOf(declaredIn(tree.rootNode), after);
      lost += [...old[part].keys()].filter((key) => !now[part].has(key)).length;
      for (const [key, { name, owner, node }] of now[part]) {
        if (old[part].has(key) || (part === 'members' && !hiding.has(owner))) continue;
        const qualified = owner === '' || part === 'macros' ? name : `${owner}::${name}`;
        added.push({
          check: 'style-public',
          file,
          line: node.startPosition.row + 1,
          message: `${what} \`${qualified}\` is new; ${advice[part]}`,
        });
      }
    }
    return added.length - lost > limit ? added : [];
  };
  return [
    ...grown('members', limits.publicMembers, 'the public member'),
    ...grown('names', limits.publicNames, 'the public name'),
    ...grown('macros', limits.macros, 'the macro'),
  ];
}

const advice: Readonly<Record<keyof Surface, string>> = {
  members: 'make it private, or leave it out',
  names: 'make it a private member, `static`, or put it in a `detail` namespace',
  macros: 'use a constant or a function, or #undef it',
};

/** Keyed so that another overload is new and a change of types is not. */
function surfaceOf(all: readonly Declared[], text: string): Surface {
  const undefinedLater = new Set(
    directivesOf(stripSource(text, { strings: true }).text)
      .filter(({ name }) => name === 'undef')
      .map(({ rest }) => /^\w+/.exec(rest)?.[0]),
  );
  const visible = all.filter(({ isVisible }) => isVisible);
  const keyed = (some: readonly Declared[]): ReadonlyMap<string, Declared> =>
    new Map(some.map((each) => [`${each.owner}::${each.name}/${each.kind}/${arity(each)}`, each]));
  return {
    members: keyed(visible.filter(({ kind, scope }) => scope === 'class' && kind !== 'macro')),
    names: keyed(
      visible.filter(({ kind, scope }) => scope === 'namespace' && kind !== 'macro' && kind !== 'namespace'),
    ),
    macros: keyed(visible.filter(({ kind, name }) => kind === 'macro' && !undefinedLater.has(name))),
  };
}

function arity({ kind, node }: Declared): number {
  const list = kind === 'function' ? node.parent?.childForFieldName('parameters') : undefined;
  return list?.namedChildren.filter(({ type }) => type.includes('parameter')).length ?? 0;
}

/** Owners that hide something: where a class is public throughout, a new member has no other place. */
function hidingClasses(all: readonly Declared[]): ReadonlySet<string> {
  const members = all.filter(({ scope, kind }) => scope === 'class' && kind !== 'parameter');
  return new Set(members.filter(({ isVisible }) => !isVisible).map(({ owner }) => owner));
}
