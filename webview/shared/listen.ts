import type { Received } from '../../src/protocol/messages.ts';

/** Characters of a report that the host takes. */
const maxReport = 10_000;

/** Hands over what arrives once it is checked, and reports what goes wrong in the page. */
export function listen<Message>(
  receive: (message: unknown) => Received<Message>,
  take: (message: Message) => void,
  report: (text: string) => void,
): void {
  const say = (text: string): void => report(text.slice(0, maxReport));
  addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    const received = receive(data);
    if (received.ok) take(received.message);
    else say(`refused a message: ${received.problem}`);
  });
  addEventListener('error', ({ message, filename, lineno }) => say(`${message} (${filename}:${lineno})`));
  addEventListener('unhandledrejection', ({ reason }) => say(String(reason)));
}
