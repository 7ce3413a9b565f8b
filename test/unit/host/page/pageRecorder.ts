/** An editor that writes down what a page's session asks of it. */
export class PageRecorder<ToPage extends { readonly type: string }> {
  readonly posted: ToPage[] = [];
  readonly calls: string[] = [];

  post(message: ToPage): void {
    this.posted.push(message);
  }
  isTrusted = () => true;
  explain = (error: unknown) => ({ message: (error as Error).message, fix: 'try again' });
  act = async (action: string) => this.call(`act ${action}`);
  fail = (error: unknown) => this.call(`fail ${(error as Error).message}`);
  warn = (text: string) => this.call(`warn ${text}`);

  types(): string[] {
    return this.posted.map(({ type }) => type);
  }
  call(text: string): void {
    this.calls.push(text);
  }
}
