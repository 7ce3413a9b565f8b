import { describe, expect, it } from 'vitest';
import { answerAfterPrompt } from '../../../src/cli/rewards/answerAfterPrompt.ts';

describe('answerAfterPrompt', () => {
  it('takes what stands behind the prompt', () => {
    expect(answerAfterPrompt('Make it faster.\nDone.', 'Make it faster.\n')).toBe('Done.');
  });

  it('leaves a text alone that holds neither its prompt nor a chat template', () => {
    expect(answerAfterPrompt('Done.', undefined)).toBe('Done.');
    expect(answerAfterPrompt('Done.', 'Make it faster.')).toBe('Done.');
  });

  it.each([
    ['ChatML', '<|im_start|>user\nFaster!<|im_end|>\n<|im_start|>assistant\nDone.<|im_end|>'],
    [
      'Llama 3',
      '<|start_header_id|>user<|end_header_id|>\n\nFaster!<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nDone.<|eot_id|>',
    ],
    ['Gemma', '<start_of_turn>user\nFaster!<end_of_turn>\n<start_of_turn>model\nDone.<end_of_turn>\n'],
    ['Mistral', '<s>[INST] Faster! [/INST]Done.</s>'],
  ])('finds the last answer of a %s template, without the mark of its end', (_, whole) => {
    expect(answerAfterPrompt(whole, undefined)).toBe('Done.');
  });

  it('takes the answer to the last of several turns', () => {
    const turn = (role: string, text: string) => `<|im_start|>${role}\n${text}<|im_end|>\n`;
    const whole = `${turn('user', 'Faster!')}${turn('assistant', 'Done.')}${turn('user', 'Faster still!')}<|im_start|>assistant\nNo.`;
    expect(answerAfterPrompt(whole, undefined)).toBe('No.');
  });

  it('goes by the template where the prompt was decoded in another way', () => {
    const prompt = '<|im_start|>user\nFaster!<|im_end|>\n<|im_start|>assistant\n';
    expect(answerAfterPrompt(`<s> ${prompt}Done.`, prompt)).toBe('Done.');
  });

  it('prefers the prompt: an answer may speak of templates', () => {
    const answer = 'It splits at [/INST] and goes on.';
    expect(answerAfterPrompt(`Faster!\n${answer}`, 'Faster!\n')).toBe(answer);
  });

  it('drops every mark of the end, padding too, and none in the middle', () => {
    const whole = 'a </s> b<|im_end|>\n<|endoftext|><|endoftext|>';
    expect(answerAfterPrompt(whole, '')).toBe('a </s> b');
  });

  it('says that nothing was answered', () => {
    expect(answerAfterPrompt('Faster!<|im_end|>', 'Faster!')).toBe('');
  });
});
