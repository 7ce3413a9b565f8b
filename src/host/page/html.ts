/** What the document of a webview is made of. */
export interface PageDocument {
  /** Where the editor serves the extension's files from. */
  readonly cspSource: string;
  readonly nonce: string;
  readonly script: string;
  readonly style: string;
  readonly title: string;
  /** Shown until the script has answered. */
  readonly loading: string;
  /** BCP 47. */
  readonly language: string;
}

/**
 * The document of a webview. It may run its own script and use its own style sheet, nothing else: no inline
 * code or style, no connection, no frame. Data URLs are for the PNG that is drawn from the SVG.
 */
export function pageHtml(document: PageDocument): string {
  const { cspSource, nonce, script, style, title, loading, language } = document;
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource}`,
    'img-src data:',
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
  return `<!doctype html>
<html lang="${escaped(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<link rel="stylesheet" href="${escaped(style)}">
</head>
<body>
<main id="app"><p>${escaped(loading)}</p></main>
<script nonce="${escaped(nonce)}" src="${escaped(script)}"></script>
</body>
</html>
`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => entities[character]!);
}
