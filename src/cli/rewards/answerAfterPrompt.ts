/** Where chat templates begin the last answer: ChatML, Llama 3, Gemma, Mistral. */
const answerStarts = [
  '<|im_start|>assistant\n',
  '<|start_header_id|>assistant<|end_header_id|>\n\n',
  '<start_of_turn>model\n',
  '[/INST]',
];
const answerEnds = /(?:(?:<\|im_end\|>|<\|eot_id\|>|<\|endoftext\|>|<end_of_turn>|<\/s>)\s*)+$/;

/** The completion of a text that holds its prompt too, as OpenRLHF sends it. */
export function answerAfterPrompt(whole: string, prompt: string | undefined): string {
  const start = answerStarts.map(
    (mark) => whole.lastIndexOf(mark) + (whole.includes(mark) ? mark.length : 0),
  );
  const after =
    prompt !== undefined && whole.startsWith(prompt)
      ? prompt.length
      : Math.max(0, ...start.filter((at) => at > 0));
  return whole.slice(after).replace(answerEnds, '');
}
