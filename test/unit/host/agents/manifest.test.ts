/** package.json and the ids of tools and chat say the same. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { agentTools, chatCommands, chatParticipant } from '../../../../src/host/agents/ids.ts';
import { moduleNames } from '../../../../src/protocol/module.ts';

interface Schema {
  readonly type: string;
  readonly properties: Readonly<Record<string, { readonly description: string; readonly enum?: string[] }>>;
  readonly required?: readonly string[];
}
interface Contributes {
  readonly languageModelTools: readonly {
    readonly name: string;
    readonly displayName: string;
    readonly userDescription: string;
    readonly modelDescription: string;
    readonly toolReferenceName: string;
    readonly canBeReferencedInPrompt: boolean;
    readonly inputSchema: Schema;
  }[];
  readonly chatParticipants: readonly {
    readonly id: string;
    readonly commands: readonly { readonly name: string; readonly description: string }[];
  }[];
}

const root = join(import.meta.dirname, '..', '..', '..', '..');
const { contributes } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  contributes: Contributes;
};
const tools = contributes.languageModelTools;

describe('tools and chat in package.json', () => {
  it('have the ids of the code', () => {
    expect(tools.map(({ name }) => name)).toEqual(Object.values(agentTools));
    expect(contributes.chatParticipants.map(({ id }) => id)).toEqual([chatParticipant]);
    expect(contributes.chatParticipants[0]!.commands.map(({ name }) => name)).toEqual(
      Object.values(chatCommands),
    );
  });

  it('can be named in a prompt, are translated for users, and say to models what they do', () => {
    for (const tool of tools) {
      expect(tool.canBeReferencedInPrompt).toBe(true);
      expect(tool.toolReferenceName).toMatch(/^annsmith[A-Z]\w+$/);
      expect(tool.displayName).toMatch(/^%[\w.]+%$/);
      expect(tool.userDescription).toMatch(/^%[\w.]+%$/);
      expect(tool.modelDescription.length).toBeGreaterThan(100);
      for (const { description } of Object.values(tool.inputSchema.properties))
        expect(description).toMatch(/\.$/);
    }
    expect(new Set(tools.map(({ toolReferenceName }) => toolReferenceName)).size).toBe(tools.length);
  });

  it('take a patch to a module that exists', () => {
    const { inputSchema } = tools.find(({ name }) => name === agentTools.proposePatch)!;
    expect(inputSchema.properties['module']!.enum).toEqual([...moduleNames]);
    expect(inputSchema.required).toEqual(['module', 'patch']);
  });
});
