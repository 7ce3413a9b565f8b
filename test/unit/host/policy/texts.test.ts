import { describe, expect, it } from 'vitest';
import { consentQuestion, editorEndpoint } from '../../../../src/host/policy/consentText.ts';
import { modelsNamed, policyItems, typedPolicy } from '../../../../src/host/policy/policyItems.ts';
import { reasoningText } from '../../../../src/host/policy/reasoningText.ts';
import { policyText } from '../../../../src/host/policy/spec.ts';
import { costText, totalUsage, usageLong, usageShort } from '../../../../src/host/policy/usageText.ts';
import { plain } from '../core/plain.ts';

describe('the question before code is sent', () => {
  const about = { endpoint: 'https://a.example', model: 'openai:gpt-5', files: ['include/a.h', 'src/b.cc'] };

  it('names the endpoint, the model and every file', () => {
    const { message, detail } = consentQuestion(about, plain);
    expect(message).toBe('Send code of 2 files to https://a.example?');
    for (const word of ['openai:gpt-5', 'include/a.h', 'src/b.cc', 'once for this folder and endpoint'])
      expect(detail).toContain(word);
  });

  it('counts the files that do not fit', () => {
    const files = Array.from({ length: 15 }, (_, index) => `file${index}.h`);
    const { detail } = consentQuestion({ ...about, files }, plain);
    expect(detail).toContain('file11.h');
    expect(detail).not.toContain('file12.h');
    expect(detail).toContain('and 3 more');
  });

  it('names the vendor whose models of the editor would get it', () => {
    const endpoint = editorEndpoint('copilot');
    const { message } = consentQuestion({ ...about, endpoint, files: ['a.h'] }, plain);
    expect(message).toBe('Send code of 1 file to the language models of copilot in the editor?');
  });
});

describe('usage', () => {
  const usage = { promptTokens: 12_000, completionTokens: 345, requests: 4, cost: 0.0312 };

  it('is told in short and at length', () => {
    expect(usageShort(usage, plain)).toBe('12,345 tokens · $0.0312');
    expect(usageLong(usage, plain)).toBe(
      'Language models used 12,000 tokens of prompts and 345 of completions in 4 requests. Cost: $0.0312.',
    );
    expect(usageShort({ ...usage, cost: null }, plain)).toBe('12,345 tokens');
    expect(usageLong({ ...usage, cost: null }, plain)).toContain('annsmith.model.pricePerMillion is not set');
    expect([0, 0.5, 12.345].map(costText)).toEqual(['$0', '$0.50', '$12.35']);
  });

  it('of several runs is their sum, with a cost where each is known', () => {
    expect(totalUsage([{ usage: null }])).toBeNull();
    expect(totalUsage([{ usage }, { usage: null }, { usage }])).toEqual({
      promptTokens: 24_000,
      completionTokens: 690,
      requests: 8,
      cost: 0.0624,
    });
    expect(totalUsage([{ usage }, { usage: { ...usage, cost: null } }])?.cost).toBeNull();
  });
});

describe('what a run can be written by', () => {
  const offer = {
    chosen: 'openai:m',
    recent: ['playbook,openai:m', 'openai:m', 'nonsense'],
    offered: [{ vendor: 'copilot', family: 'gpt-5', name: 'GPT-5' }],
    endpoint: 'http://localhost:8000',
  };

  it('is the chosen policy, the playbook, what was chosen before, and what the editor offers', () => {
    expect(policyItems(offer, plain).map(({ label, description }) => [label, description])).toEqual([
      ['openai:m', 'language model at http://localhost:8000'],
      ['playbook', 'the built-in catalogue of rewrites, offline'],
      ['playbook,openai:m', 'several: each group comes from one, and those that gain more get more groups'],
      ['vscode:copilot/gpt-5', 'GPT-5, language model of the editor'],
    ]);
  });

  it('can be typed, by its id or by the name of a model', () => {
    const typed = (text: string): string | undefined => typedPolicy(text, offer, plain)?.value;
    expect(typed('qwen2.5-coder:32b')).toBe('openai:qwen2.5-coder:32b');
    expect(typed(' playbook, openai:m')).toBe('playbook,openai:m');
    expect(typed('vscode:copilot/gpt-5')).toBe('vscode:copilot/gpt-5');
    expect(typed('two words')).toBeUndefined();
  });

  it('takes several names of models at once', () => {
    expect(policyText(modelsNamed('a, openai:b ,a')!)).toBe('openai:a,openai:b');
    for (const text of ['', 'a,,b', 'a b', 'playbook', 'vscode:x/y'])
      expect(modelsNamed(text), text).toBeUndefined();
  });
});

describe('the reasoning of a model', () => {
  it('has a section for each thing it wrote', () => {
    const text = reasoningText({ title: 'g1c1', analysis: ' slow loop ', design: 'batch it' }, plain);
    expect(text).toBe('# g1c1\n\n## Analysis\n\nslow loop\n\n## Algorithm design\n\nbatch it\n');
    expect(reasoningText({ title: 'g1c1', analysis: '', design: 'x' }, plain)).not.toContain('Analysis');
    expect(reasoningText({ title: 'g1c1', analysis: ' ', design: '' }, plain)).toBeUndefined();
  });
});
