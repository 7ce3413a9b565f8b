export type TokenKind = 'plain' | 'keyword' | 'literal' | 'comment' | 'directive';

export interface CppToken {
  readonly kind: TokenKind;
  readonly text: string;
}

const keywords = new Set(
  (
    'alignas alignof auto bool break case catch char class concept const const_cast constexpr continue decltype default ' +
    'delete do double dynamic_cast else enum explicit extern false final float for friend if inline int long mutable ' +
    'namespace new noexcept nullptr operator override private protected public register reinterpret_cast requires ' +
    'return short signed sizeof static static_assert static_cast struct switch template this thread_local throw true ' +
    'try typedef typename union unsigned using virtual void volatile while'
  ).split(' '),
);

const tokenPattern =
  /\/\/.*|\/\*.*?(?:\*\/|$)|"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|\b\d[\w.']*|[A-Za-z_]\w*|[^\w"'/]+|\//g;

/**
 * The tokens of one line of C++ for light colouring: their texts joined are the line. `inComment` says whether a block
 * comment is open before it; so does the result for the line after. Raw strings over several lines are not followed.
 */
export function cppTokens(
  line: string,
  inComment: boolean,
): { readonly tokens: readonly CppToken[]; readonly inComment: boolean } {
  const tokens: CppToken[] = [];
  let rest = line;
  if (inComment) {
    const end = line.indexOf('*/');
    if (end < 0) return { tokens: [{ kind: 'comment', text: line }], inComment: true };
    tokens.push({ kind: 'comment', text: line.slice(0, end + 2) });
    rest = line.slice(end + 2);
  }
  const directive = /^\s*#\s*\w+/.exec(rest)?.[0];
  if (directive !== undefined) {
    tokens.push({ kind: 'directive', text: directive });
    rest = rest.slice(directive.length);
  }
  let open = false;
  for (const [text] of rest.matchAll(tokenPattern)) {
    open = text.startsWith('/*') && !(text.length >= 4 && text.endsWith('*/'));
    tokens.push({ kind: kindOf(text), text });
  }
  return { tokens, inComment: open };
}

function kindOf(text: string): TokenKind {
  if (text.startsWith('//') || text.startsWith('/*')) return 'comment';
  if (/^["'\d]/.test(text)) return 'literal';
  return keywords.has(text) ? 'keyword' : 'plain';
}
