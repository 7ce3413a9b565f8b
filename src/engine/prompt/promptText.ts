import type { PolicyPrompt } from '../../protocol/policy.ts';

/** A prompt for reading: the messages exactly as they are sent, each under its role, then what is not sent. */
export function promptText({ messages, template, hash, exemplars, sections }: PolicyPrompt): string {
  const width = Math.max(...sections.map(({ name }) => name.length));
  const total = sections.reduce((sum, { tokens }) => sum + tokens, 0);
  const rows = sections.map(
    ({ name, tokens, kept }) => `${name.padEnd(width)}  ${String(tokens).padStart(6)}  ${kept}`,
  );
  const summary = [
    `template ${template}, SHA-256 ${hash}`,
    `exemplars: ${exemplars.length === 0 ? 'none' : exemplars.join(', ')}`,
    'estimated tokens by section:',
    ...rows,
    `${'total'.padEnd(width)}  ${String(total).padStart(6)}`,
  ].join('\n');
  return [
    ...messages.map(({ role, content }) => `${ruler(role)}\n${content}`),
    `${ruler('not sent: summary')}\n${summary}\n`,
  ].join('\n');
}

function ruler(title: string): string {
  return `===== ${title} =====`;
}
