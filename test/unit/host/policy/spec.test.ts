import { describe, expect, it } from 'vitest';
import packageManifest from '../../../../package.json' with { type: 'json' };
import {
  namesModel,
  parsePolicies,
  policyId,
  policyPattern,
  policyText,
  sharesPolicy,
} from '../../../../src/host/policy/spec.ts';

describe('policies in words', () => {
  it('are read and written', () => {
    const text = ' playbook, openai:qwen2.5-coder:32b ,vscode:copilot/gpt-5,openai:meta/llama-3, playbook';
    const specs = parsePolicies(text)!;
    expect(specs).toEqual([
      { kind: 'playbook' },
      { kind: 'openai', model: 'qwen2.5-coder:32b' },
      { kind: 'vscode', vendor: 'copilot', family: 'gpt-5' },
      { kind: 'openai', model: 'meta/llama-3' },
    ]);
    expect(policyText(specs)).toBe(
      'playbook,openai:qwen2.5-coder:32b,vscode:copilot/gpt-5,openai:meta/llama-3',
    );
    expect(specs.map((spec) => parsePolicies(policyId(spec)))).toEqual(specs.map((spec) => [spec]));
  });

  it.each([
    '',
    ' ',
    ',',
    'playbook,',
    'openai:',
    'openai:a b',
    'vscode:copilot',
    'vscode:/x',
    'gpt-5',
    'PLAYBOOK',
  ])('are refused: "%s"', (text) => expect(parsePolicies(text)).toBeUndefined());

  it('cannot name an endpoint: what follows `openai:` is a name and nothing else', () => {
    expect(parsePolicies('openai:http://elsewhere/v1')).toEqual([
      { kind: 'openai', model: 'http://elsewhere/v1' },
    ]);
  });

  it('have one pattern in code, setting and task', () => {
    const { configuration, taskDefinitions } = packageManifest.contributes;
    expect(configuration.properties['annsmith.policy'].pattern).toBe(policyPattern);
    expect(taskDefinitions[0]!.properties.policy.pattern).toBe(policyPattern);
  });

  it('tell models from the playbook, and runs that are about one', () => {
    expect(['playbook', 'playbook, openai:m', 'vscode:a/b'].map(namesModel)).toEqual([false, true, true]);
    const wanted = parsePolicies('playbook,openai:m')!;
    expect(['openai:m', 'openai:mm', 'vscode:a/b, playbook'].map((ran) => sharesPolicy(ran, wanted))).toEqual(
      [true, false, true],
    );
  });
});
