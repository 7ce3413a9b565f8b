/** Ids of what agents and the chat get, as package.json contributes them; a test compares the two. */

export const agentTools = {
  listModules: 'annsmith_listModules',
  benchmark: 'annsmith_benchmark',
  proposePatch: 'annsmith_proposePatch',
  showResults: 'annsmith_showResults',
} as const;

export const chatParticipant = 'annsmith.chat';

export const chatCommands = { explain: 'explain', status: 'status' } as const;
