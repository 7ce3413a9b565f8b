/** The workbench of VS Code in a page, as a person uses it: by names, not by positions. */
import type { Frame, Locator, Page } from 'playwright-core';

/** Most waits are short; this is for a machine that does something else as well. */
const patience = 180_000;

export class Workbench {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(patience);
  }

  async open(url: string): Promise<void> {
    await this.page.goto(url, { waitUntil: 'domcontentloaded' });
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor();
  }

  /** Runs a command by its title, through the command palette. */
  async command(title: string): Promise<void> {
    await this.quickInput(`>${title}`, title);
  }

  /** Opens a file of the workspace by its name. */
  async openFile(name: string): Promise<void> {
    await this.quickInput(name, name);
    await this.page
      .getByRole('tab', { name: new RegExp(`^${name.replaceAll('.', '\\.')}`) })
      .first()
      .waitFor();
  }

  private async quickInput(text: string, choice: string): Promise<void> {
    await this.openPalette();
    await this.quickBox.fill(text);
    await this.quickRow(choice).first().click();
  }

  /** A page that has just come up, or taken the focus away, can miss a key. */
  private async openPalette(): Promise<void> {
    const until = Date.now() + patience;
    do await this.page.keyboard.press('F1');
    while (!(await this.isQuickBoxShown(5_000)) && Date.now() < until);
  }

  get quickBox(): Locator {
    return this.page.locator('.quick-input-widget:visible input.input');
  }

  quickRow(text: string | RegExp): Locator {
    return this.page.locator('.quick-input-list .monaco-list-row', { hasText: text });
  }

  codeLens(text: string | RegExp): Locator {
    return this.page.locator('.codelens-decoration a', { hasText: text });
  }

  /** Of the side bar, once its container is shown. */
  view(name: string): Locator {
    return this.page.locator('.pane', { has: this.page.getByRole('button', { name: `${name} Section` }) });
  }

  row(view: string, name: string | RegExp): Locator {
    return this.view(view).getByRole('treeitem', { name });
  }

  /** A row whose children are shown. */
  openRow(view: string, name: RegExp): Locator {
    return this.row(view, name).and(this.page.locator('[aria-expanded="true"]')).first();
  }

  /** An entry of the activity bar. */
  async showContainer(name: string): Promise<void> {
    const tab = this.page.locator('.activitybar').getByRole('tab', { name });
    await tab.waitFor();
    if ((await tab.getAttribute('aria-expanded')) !== 'true') await tab.click();
  }

  notification(text: string | RegExp): Locator {
    return this.page.locator('.notification-list-item', { hasText: text });
  }

  statusItem(text: string | RegExp): Locator {
    return this.page.locator('.part.statusbar .statusbar-item', { hasText: text });
  }

  async closeEditor(name: RegExp): Promise<void> {
    const tab = this.page.getByRole('tab', { name });
    await tab.click({ button: 'middle' });
    await tab.waitFor({ state: 'detached' });
  }

  /** From the CodeLens above a region through the quick picks to a run of a minute that goes on. */
  async optimize(file: string, dataset: string, policy: string): Promise<void> {
    await this.openFile(file);
    await this.clickOptimize();
    await this.quickBox.fill(dataset);
    for (const choice of [dataset, policy, '1 minute']) await this.quickRow(choice).first().click();
    await this.statusItem('search').waitFor();
  }

  /** Clicks the CodeLens until its question is there: a lens that is being replaced does nothing. */
  async clickOptimize(): Promise<void> {
    const lens = this.codeLens(/^Optimize search/).first();
    const until = Date.now() + patience;
    do await lens.click();
    while (!(await this.isQuickBoxShown(15_000)) && Date.now() < until);
  }

  private isQuickBoxShown(timeout: number): Promise<boolean> {
    return this.quickBox.waitFor({ timeout }).then(
      () => true,
      () => false,
    );
  }

  /** The text of the active editor gets the keys. */
  async focusEditor(): Promise<void> {
    await this.command('View: Focus Active Editor Group');
  }

  /** A tab with changes that are not saved. */
  async isDirty(name: string): Promise<boolean> {
    return (await this.page.locator('.tab.dirty', { hasText: name }).count()) > 0;
  }

  /** The active editor's text as it is shown, with ordinary spaces. */
  async shownText(): Promise<string> {
    const text = await this.page.locator('.editor-group-container.active .view-lines').first().innerText();
    return text.replaceAll('\u00a0', ' ');
  }

  /** The page inside the webview that holds an element of this selector. */
  async webview(selector: string): Promise<Frame> {
    const until = Date.now() + patience;
    for (;;) {
      for (const frame of this.page.frames()) {
        const found = await frame.$(selector).catch(() => null);
        if (found !== null) return frame;
      }
      if (Date.now() > until) throw new Error(`no webview has ${selector}`);
      await this.page.waitForTimeout(200);
    }
  }
}
