/** A webview's page in a browser: its real document and bundle, and a stand-in for the editor that writes down. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { pageHtml } from '../../src/host/page/html.ts';

const dist = join(import.meta.dirname, '..', '..', 'dist');
const origin = 'https://page.test';

/** Variables of the editor's own themes, as far as the page reads them. */
export const themes = {
  'vscode-light': {
    'editor-background': '#ffffff',
    'editor-foreground': '#3b3b3b',
    descriptionForeground: '#3b3b3b',
    'editorWidget-border': '#e5e5e5',
    focusBorder: '#005fb8',
    'charts-blue': '#1a85ff',
    'charts-orange': '#d18616',
    'charts-green': '#388a34',
    'charts-purple': '#652d90',
    'button-background': '#005fb8',
    'button-foreground': '#ffffff',
    'button-secondaryBackground': '#e5e5e5',
    'button-secondaryForeground': '#3b3b3b',
  },
  'vscode-dark': {
    'editor-background': '#1f1f1f',
    'editor-foreground': '#cccccc',
    descriptionForeground: '#9d9d9d',
    'editorWidget-border': '#454545',
    focusBorder: '#0078d4',
    'charts-blue': '#3794ff',
    'charts-orange': '#d18616',
    'charts-green': '#89d185',
    'charts-purple': '#b180d7',
    'button-background': '#0078d4',
    'button-foreground': '#ffffff',
    'button-secondaryBackground': '#313131',
    'button-secondaryForeground': '#cccccc',
    'dropdown-background': '#313131',
  },
  'vscode-high-contrast': {
    'editor-background': '#000000',
    'editor-foreground': '#ffffff',
    descriptionForeground: 'rgba(255, 255, 255, 0.7)',
    contrastBorder: '#6fc3df',
    contrastActiveBorder: '#f38518',
    focusBorder: '#f38518',
    'charts-blue': '#3794ff',
    'charts-orange': '#d18616',
    'charts-green': '#89d185',
    'charts-purple': '#b180d7',
  },
} as const satisfies Record<string, Readonly<Record<string, string>>>;
export type ThemeName = keyof typeof themes;

export interface TabOptions {
  /** Of the page's script and style sheet in dist/. */
  readonly name: string;
  readonly title: string;
  readonly loading: string;
  readonly width?: number | undefined;
  readonly theme?: ThemeName | undefined;
  /** What the editor has kept of the page. */
  readonly state?: unknown;
}

/** The page in a tab, with what it said to the editor and to the console. */
export class PageTab<Message extends { readonly type: string }> {
  readonly page: Page;
  /** Console messages, errors and violations of the policy. */
  readonly complaints: string[] = [];
  readonly requests: string[] = [];

  constructor(page: Page) {
    this.page = page;
  }

  static async newPage(browser: Browser, width = 1100): Promise<Page> {
    const context = await browser.newContext({ viewport: { width, height: 900 }, offline: true });
    return context.newPage();
  }

  async load(options: TabOptions): Promise<void> {
    const { theme = 'vscode-light', state } = options;
    const { page, complaints, requests } = this;
    page.setDefaultTimeout(20_000);
    page.on('console', (message) => {
      // About the tests' own looks at the pixels.
      if (!message.text().startsWith('Canvas2D: Multiple readback')) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith('data:')) requests.push(request.url());
    });
    await page.route(`${origin}/**`, async (route) => {
      const { pathname } = new URL(route.request().url());
      if (pathname === '/') return route.fulfill({ contentType: 'text/html', body: documentText(options) });
      const name = pathname.slice(1);
      const contentType = name.endsWith('.css') ? 'text/css' : 'text/javascript';
      return route.fulfill({ contentType, body: await readFile(join(dist, name)) });
    });
    await page.addInitScript(`
      window.sent = [];
      window.violations = [];
      window.kept = ${JSON.stringify(state ?? null)} ?? undefined;
      addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective));
      window.acquireVsCodeApi = () => {
        delete window.acquireVsCodeApi;
        return {
          postMessage: (message) => void sent.push(structuredClone(message)),
          getState: () => kept,
          setState: (state) => { kept = structuredClone(state); },
        };
      };
    `);
    await page.goto(`${origin}/`);
    await this.theme(theme);
  }

  /** As the editor hands a message over; it is dealt with when this resolves. */
  async post(message: object): Promise<void> {
    const event = `new MessageEvent('message', { data: ${JSON.stringify(message)} })`;
    await this.page.evaluate(`void dispatchEvent(${event})`);
  }

  async theme(name: ThemeName): Promise<void> {
    await this.page.evaluate(`{
      document.documentElement.removeAttribute('style');
      for (const [name, value] of Object.entries(${JSON.stringify(themes[name])})) {
        document.documentElement.style.setProperty('--vscode-' + name, value);
      }
      document.body.className = ${JSON.stringify(name)};
    }`);
  }

  sent(): Promise<Message[]> {
    return this.page.evaluate<Message[]>('sent');
  }

  /** The last message of a type, once it has come. */
  async last<T extends Message['type']>(type: T): Promise<Extract<Message, { type: T }>> {
    await this.page.waitForFunction(`sent.some(({ type }) => type === ${JSON.stringify(type)})`);
    const found = (await this.sent()).findLast((message) => message.type === type);
    return found as Extract<Message, { type: T }>;
  }

  kept(): Promise<unknown> {
    return this.page.evaluate('kept');
  }

  /** Rows of the table with this caption, header row included. */
  table(caption: string): Promise<string[][]> {
    return this.page
      .getByRole('table', { name: caption })
      .getByRole('row')
      .evaluateAll((rows) =>
        rows.map((row) =>
          [...(row as unknown as { cells: { textContent: string }[] }).cells].map((c) => c.textContent),
        ),
      );
  }

  violations(): Promise<string[]> {
    return this.page.evaluate<string[]>('violations');
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}

function documentText({ name, title, loading }: TabOptions): string {
  return pageHtml({
    cspSource: origin,
    nonce: 'dGVzdA',
    script: `${origin}/${name}.js`,
    style: `${origin}/${name}.css`,
    title,
    loading,
    language: 'en',
  });
}
