import type { StyleLimits, StyleProblem } from '../../../protocol/style.ts';
import type { CodeChange } from './codeChange.ts';
import { type Declared, declaredIn } from './declared.ts';
import { wordsIn } from './wordsOf.ts';

/** Words that say nothing of an index of vectors, by why they are refused. */
const refused: readonly (readonly [reason: string, words: string])[] = [
  [
    'is from another field',
    'quantum qubit entanglement entangled superposition wavefunction neural neuron neurons synapse synaptic brain cosmic galactic tachyon singularity wormhole blockchain',
  ],
  [
    'claims to think',
    'intelligence intelligent smart smarter smartest genius clever brilliant cognitive cognition conscious consciousness sentient psychic telepathic clairvoyant prophetic intuition intuitive mastermind',
  ],
  [
    'boasts',
    'hyper ultra turbo mega giga uber supercharged supercharge superfast ultrafast hyperfast lightning blazing blazingly rocket ludicrous insane insanely ultimate godlike godmode legendary epic revolutionary amazing awesome incredible miracle miraculous unstoppable invincible beast monster',
  ],
  [
    'explains nothing',
    'magic magical magically wizard wizardry sorcery voodoo mojo ninja guru jedi synergy holistic paradigm',
  ],
];

/** Established terms that hold a refused word. */
const terms =
  /hyper_?(?:plane|graph|cube|sphere|edge|param|parameter|thread|threading|rectangle)|smart_?(?:ptr|pointer)/i;

const meaningless =
  /^(?:foo|bar|baz|qux|foobar|asdf|blah|stuff|thing|things|thingy|whatever|xxx|yyy|zzz|(?:tmp|temp|data|var|val|obj|thing|foo|bar|func|fn|helper|process|doit|myvar|test|dummy)\d+)$/;

/** Single letters that mathematics and this field give a meaning wherever they stand. */
const fieldLetters: ReadonlySet<string> = new Set('MKNDLTkndmxyz'.split(''));

/** New names that a reviewer would ask to change. `known` are the words of the saved code, which may be used again. */
export function nameProblems(
  changes: readonly CodeChange[],
  known: ReadonlyMap<string, number>,
  limits: StyleLimits,
): readonly StyleProblem[] {
  const reasons = new Map(
    refused.flatMap(([reason, words]) => words.split(' ').map((word) => [word, reason])),
  );
  for (const word of limits.allowedWords) reasons.delete(word.toLowerCase());
  for (const word of limits.refusedWords) reasons.set(word.toLowerCase(), 'is refused by the settings');
  return changes.flatMap(({ file, tree, isNew }) => {
    const told = new Set<string>();
    return declaredIn(tree.rootNode).flatMap((declared): StyleProblem[] => {
      const { name, node } = declared;
      if (!isNew(node) || known.has(name) || told.has(name)) return [];
      const why = reasonAgainst(declared, reasons);
      if (why === undefined) return [];
      told.add(name);
      return [
        {
          check: 'style-name',
          file,
          line: node.startPosition.row + 1,
          message: `the name \`${name}\` ${why}; say what it holds or does`,
        },
      ];
    });
  });
}

function reasonAgainst(declared: Declared, reasons: ReadonlyMap<string, string>): string | undefined {
  const { name, scope, kind } = declared;
  for (const word of wordsIn(name.replace(terms, ''))) {
    const reason = reasons.get(word);
    if (reason !== undefined) return `has the word "${word}", which ${reason}`;
  }
  const bare = name.replace(/_+$/, '').replace(/^_+/, '');
  if (meaningless.test(bare.toLowerCase())) return 'means nothing';
  const isWide = scope !== 'local' && kind !== 'parameter';
  if (isWide && /^[A-Za-z]\d*$/.test(bare) && !fieldLetters.has(bare))
    return 'is one letter for a wide scope';
  return undefined;
}
