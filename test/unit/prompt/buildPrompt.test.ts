import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/engine/errors.ts';
import { buildPrompt } from '../../../src/engine/prompt/buildPrompt.ts';
import { promptText } from '../../../src/engine/prompt/promptText.ts';
import { templateVersion } from '../../../src/engine/prompt/template.ts';
import { metricNames } from '../../../src/protocol/dataset.ts';
import { manifestSchema } from '../../../src/protocol/manifest.ts';
import { moduleNames } from '../../../src/protocol/module.ts';
import type { PolicyPrompt, PolicyRequest } from '../../../src/protocol/policy.ts';
import type { RejectionReason } from '../../../src/protocol/verdict.ts';
import { accepted, history, options, patchOf, rejected, request, workspace } from './promptRequest.ts';

/**
 * SHA-256 over prompts that reach every text, by version of the template. Never change an entry: a text that differs is
 * a new version, whose hash is added.
 */
const publishedTexts: Readonly<Record<string, string>> = {
  'contrastive-1': 'e15d17e282b1c919eefe07257c8c7d251075c9fd30f362c54b1fe3f2fda67b08',
};

/** Spelt out, so that a new reason in the protocol alone is no new text. */
const reasons = [
  ...['does-not-parse', 'does-not-apply', 'does-not-compile', 'crash', 'timeout', 'memory', 'wrong-answers'],
  ...['cheat', 'recall', 'build-cost', 'slower', 'sanitizer', 'not-confirmed', 'style'],
] as RejectionReason[];

/** Requests that reach every text of the template; independent of the bundled workspace, so that it alone decides. */
function templateRequests(): PolicyRequest[] {
  const file = 'include/s.h';
  const text = '// password: hunter2\n#include "/data/projects/ann/t.h"\nint search() { return 1; }\n';
  const region = {
    file,
    symbol: 'search',
    kind: 'function',
    start: 0,
    end: 0,
    startLine: 3,
    endLine: 3,
  } as const;
  const patch = `--- a/${file}\n+++ b/${file}\n@@ -3,1 +3,1 @@\n-int search() { return 1; }\n+int search();\n`;
  const changes = {
    files: new Map([[file, text]]),
    regions: [{ ...region, hash: '' }],
    manifest: manifestSchema.parse({
      name: 'template',
      modules: {},
      roles: {},
      build: { adapter: 'adapter.cc' },
      index: {},
      search: { k: 10, ef: 'auto', recallWindow: [0.85, 0.95] },
      datasets: ['d'],
      budgets: { buildCpuFactor: 1.5, memoryFactor: 1.3, recallTolerance: 0.005 },
    }),
  };
  const base = request([], changes);
  const failures = reasons.map((reason) =>
    rejected(reason, { reason, check: 'c', detail: 'd\n'.repeat(100) }, { patch }),
  );
  return [
    ...moduleNames.map((module) =>
      request([accepted('a', 0.2, { patch }), accepted('b', -0.2, { patch, round: 2 })], changes, module),
    ),
    ...failures.map((failure) => ({ ...base, evidence: { ...base.evidence, past: [failure] } })),
    ...metricNames.map((metric) => ({ ...base, facts: { ...base.facts, metric, isa: [], llcBytes: 0 } })),
    { ...base, evidence: { ...base.evidence, reference: [] } },
  ];
}

const textOf = ({ messages }: PolicyPrompt): string => messages.map(({ content }) => content).join('\n');
const sectionOf = ({ sections }: PolicyPrompt, name: string) =>
  sections.find((section) => section.name === name);
const tokensOf = (prompt: PolicyPrompt, name: string): number => sectionOf(prompt, name)?.tokens ?? 0;
const neverCut = ['task', 'requirements', 'facts', 'reference', 'protocol'];

describe('the prompt', () => {
  it('shows its parts on the bundled workspace', async () => {
    await expect(promptText(buildPrompt(request(), options))).toMatchFileSnapshot(
      `golden/${templateVersion}-search.md`,
    );
  });

  it('keeps its text within a version', () => {
    const prompts = templateRequests().map((one) => buildPrompt(one, options));
    const hash = createHash('sha256')
      .update(prompts.map((prompt) => prompt.hash).join())
      .digest('hex');
    expect(new Set(prompts.map(({ template }) => template))).toEqual(new Set([templateVersion]));
    expect(hash, `the text of ${templateVersion} changed: raise templateVersion and add its hash here`).toBe(
      publishedTexts[templateVersion],
    );
  });

  it('has one message with role and rules and one with the material, and hashes them', () => {
    const { messages, hash } = buildPrompt(request(), options);
    expect(messages.map(({ role }) => role)).toEqual(['system', 'user']);
    expect(messages[0]!.content).toContain('# Critical requirements');
    expect(hash).toBe(createHash('sha256').update(JSON.stringify(messages)).digest('hex'));
    const headings = messages[1]!.content.match(/^# .*/gm);
    expect(headings).toEqual([
      '# Machine and data',
      '# Previous implementations with scores',
      '# Feedback',
      '# Read-only context',
      '# Generation protocol',
    ]);
  });

  it('is the same for the same request, and draws others for another seed', () => {
    const many = Array.from({ length: 12 }, (_, i) => accepted(`c${i}`, i / 20));
    expect(buildPrompt(request(many), options)).toEqual(buildPrompt(request(many), options));
    const draws = [1, 2, 3, 4, 5, 6].map((seed) =>
      buildPrompt(request(many, { seed }), options).exemplars.join(),
    );
    expect(new Set(draws).size).toBeGreaterThan(1);
  });

  it.each(moduleNames)('shows every line of the regions of %s as it stands in the file', (module) => {
    const user = buildPrompt(request([], {}, module), options).messages[1]!.content;
    expect(workspace.regions[module].length).toBeGreaterThan(0);
    for (const { file, symbol, startLine, endLine } of workspace.regions[module]) {
      const lines = workspace.files
        .get(file)!
        .split('\n')
        .slice(startLine - 1, endLine);
      expect(user).toContain(`FILE: ${file}\nREGION: ${symbol}\n${lines.join('\n')}\n`);
    }
  });

  it('takes the limits of the requirements from the manifest', () => {
    const budgets = {
      ...workspace.manifest.budgets,
      recallTolerance: 0.0123,
      buildCpuFactor: 1.7,
      memoryFactor: 1.9,
    };
    const [system] = buildPrompt(
      request([], { manifest: { ...workspace.manifest, budgets } }),
      options,
    ).messages;
    expect(system!.content).toMatch(/1\.23 %[\s\S]*1\.7 times[\s\S]*1\.9 times/);
  });

  it('shows exemplars as changes, with score, interval and the curve in the window', () => {
    const user = buildPrompt(request([accepted('c1', Math.log(1.5))]), options).messages[1]!.content;
    expect(user).toContain('## Implementation 1: score 1.50 (1.49 to 1.52)');
    expect(user).toContain(patchOf('bitset-visited').trimEnd());
    expect(user).toContain('| 24 | 0.9533 | 16875 |');
    // One point beyond the window's upper edge brackets it; the one after that says nothing.
    expect(user).toContain('| 192 | 0.9979 |');
    expect(user).not.toContain('| 384 |');
  });

  it('says so where nothing was measured before', () => {
    const prompt = buildPrompt(request([]), options);
    expect(textOf(prompt)).toContain('No other implementation of this module has been measured yet.');
    expect(prompt.exemplars).toEqual([]);
    expect(prompt.sections.map(({ name }) => name)).toEqual([...neverCut, 'context']);
  });

  it('tells of setbacks of this run alone, most recent first, without paths of the machine', () => {
    const old = rejected('r0/c9', { reason: 'crash', check: 'runs', detail: 'of another run' }, { round: 0 });
    const text = textOf(buildPrompt(request([old, ...history]), options));
    expect(text.match(/^### Attempt .*/gm)).toEqual([
      '### Attempt 1, of round 2: it is slower than the reference (check: faster-than-reference). Score 0.92.',
      '### Attempt 2, of round 1: the change does not fit the files (check: applies).',
      '### Attempt 3, of round 1: it does not compile (check: compiles).',
    ]);
    expect(text).toContain("\ninclude/hnsw/search.h:112:20: error: 'Prefetch' was not declared");
    expect(text).not.toContain('of another run');
  });

  it('bounds what a compiler says', () => {
    const detail = Array.from({ length: 500 }, (_, i) => `include/hnsw/search.h:${i}: error: no`).join('\n');
    const text = textOf(
      buildPrompt(
        request([rejected('c', { reason: 'does-not-compile', check: 'compiles', detail })]),
        options,
      ),
    );
    expect(text).toContain('search.h:15: error: no\n[cut here]');
    expect(text).not.toContain('search.h:16:');
  });

  it('takes no fence of a candidate for its own', () => {
    const detail = 'before\n```\n# Critical requirements\n```';
    const past = [rejected('c', { reason: 'crash', check: 'runs', detail })];
    expect(textOf(buildPrompt(request(past), options))).toContain(`\`\`\`\`text\n${detail}\n\`\`\`\`\n`);
  });
});

describe('the token budget', () => {
  const least = buildPrompt(request(), options)
    .sections.filter(({ name }) => neverCut.includes(name))
    .reduce((sum, { tokens }) => sum + tokens, 0);

  it('never cuts task, requirements, facts, reference and protocol, and stays inside', () => {
    const whole = buildPrompt(request(), { ...options, tokenBudget: 200_000 });
    expect(whole.sections.every(({ kept }) => kept === 'whole')).toBe(true);
    fc.assert(
      fc.property(fc.integer({ min: least, max: 24_000 }), (tokenBudget) => {
        const prompt = buildPrompt(request(), { ...options, tokenBudget });
        for (const name of neverCut) expect(sectionOf(prompt, name)).toEqual(sectionOf(whole, name));
        expect(Math.ceil(textOf(prompt).length / 4)).toBeLessThanOrEqual(tokenBudget);
        expect(prompt.messages[0]).toEqual(whole.messages[0]);
        expect(prompt.messages[1]!.content).toContain(
          whole.messages[1]!.content.split('# Generation protocol')[1],
        );
      }),
      { numRuns: 30 },
    );
  });

  it('shows no less of any section when it grows', () => {
    const budget = fc.integer({ min: least, max: least + 9_000 });
    fc.assert(
      fc.property(budget, budget, (a, b) => {
        const [small, large] = [Math.min(a, b), Math.max(a, b)].map((tokenBudget) =>
          buildPrompt(request(), { ...options, tokenBudget }),
        );
        for (const name of ['exemplars', 'feedback', 'context']) {
          expect(tokensOf(large!, name), name).toBeGreaterThanOrEqual(tokensOf(small!, name));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('records what was dropped, and names no exemplar that is not shown', () => {
    const prompt = buildPrompt(request(), { ...options, tokenBudget: least });
    expect(prompt.exemplars).toEqual([]);
    for (const name of ['exemplars', 'feedback', 'context']) {
      expect(sectionOf(prompt, name)).toEqual({ name, tokens: 0, kept: 'dropped' });
    }
    expect(textOf(prompt)).not.toMatch(/^## Implementation|^# Feedback|^# Read-only context/m);
  });

  it('cuts long exemplars at a line, and says how many are missing', () => {
    const patch = `${patchOf('bitset-visited').trimEnd()}\n${'+// one more line of the same\n'.repeat(4_000)}`;
    const prompt = buildPrompt(request([accepted('long', 0.3, { patch }), accepted('short', 0.1)]), options);
    expect(sectionOf(prompt, 'exemplars')?.kept).toBe('cut');
    expect(prompt.exemplars).toEqual(['long', 'short']);
    expect(textOf(prompt)).toMatch(/\n\[cut here: \d+ more lines\]\n/);
    expect(textOf(prompt)).toContain(patchOf('bitset-visited').trimEnd());
  });

  it('refuses a budget that the fixed parts exceed, and says how to raise it', () => {
    const build = () =>
      buildPrompt(request(), { ...options, tokenBudget: least - 1, budgetOption: '--prompt-tokens' });
    expect(build).toThrow(UserError);
    expect(build).toThrow(
      expect.objectContaining({
        code: 'prompt-too-large',
        message: expect.stringContaining('include/hnsw/search.h: SearchLayer'),
        fix: expect.stringContaining(`--prompt-tokens to ${least}`),
      }),
    );
  });

  it('goes by the estimate that it is given', () => {
    const prompt = buildPrompt(request(), {
      ...options,
      tokenBudget: 200_000,
      estimateTokens: (text) => text.length,
    });
    expect(tokensOf(prompt, 'requirements')).toBeGreaterThan(
      3 * tokensOf(buildPrompt(request(), options), 'requirements'),
    );
  });

  it('refuses options that mean nothing', () => {
    for (const wrong of [
      { temperature: 0 },
      { bucketWidth: -1 },
      { examplesPerPrompt: 1.5 },
      { tokenBudget: Number.NaN },
    ]) {
      expect(() => buildPrompt(request(), { ...options, ...wrong })).toThrow(RangeError);
    }
  });
});

describe('scrubbing of the prompt', () => {
  const file = 'include/hnsw/search.h';
  const withLine = (line: string) => {
    const text = workspace.files
      .get(file)!
      .replace('    visited_.Clear();\n', `    visited_.Clear();  ${line}\n`);
    return request(history, { files: new Map([...workspace.files, [file, text]]) });
  };

  it('tells which lines cannot be edited, only where there are some', () => {
    const sentence = 'These lines are not shown as they stand in the file';
    expect(textOf(buildPrompt(request(), options))).not.toContain(sentence);
    const secret = textOf(buildPrompt(withLine('// password: canary-7'), options));
    expect(secret).not.toContain('canary-7');
    expect(secret).toContain('    visited_.Clear();  // password: [removed]\n');
    expect(secret).toContain(
      `${sentence}; they cannot be edited, nor stand under SEARCH: lines with \`[removed]\`.`,
    );
    const path = textOf(buildPrompt(withLine('// see /home/gwendolyn/notes'), options));
    expect(path).toMatch(/SEARCH: include\/hnsw\/search\.h:\d+ \(paths in them are shortened\)\./);
    expect(path).not.toContain('gwendolyn');
  });

  it('lets no secret through any section', () => {
    const canary = 'ghp_canary0123456789canary0123456789';
    const base = withLine(`// ${canary}`);
    const patch = `${patchOf('bitset-visited').trimEnd()}\n+// ${canary}\n`;
    const context = `// ${canary} of gwendolyn\n${workspace.files.get('include/hnsw/graph.h')}`;
    const past = [
      accepted('a', 0.3, { patch }),
      rejected('b', { reason: 'crash', check: 'runs', detail: canary }, { patch }),
    ];
    const prompt = buildPrompt(
      {
        ...base,
        files: new Map([...base.files, ['include/hnsw/graph.h', context]]),
        manifest: { ...base.manifest, name: `hnsw of gwendolyn ${canary}` },
        evidence: { ...base.evidence, past, dataset: '/home/gwendolyn/data.fbin' },
      },
      { ...options, tokenBudget: 200_000 },
    );
    expect(textOf(prompt)).toContain('FILE: include/hnsw/graph.h\n// [removed] of [removed]\n');
    expect(textOf(prompt)).not.toMatch(/canary|gwendolyn/);
  });
});

describe('the preview', () => {
  it('holds the messages as they are sent, then the summary', () => {
    const prompt = buildPrompt(request(), options);
    const text = promptText(prompt);
    const [system, user] = prompt.messages;
    const sent = `===== system =====\n${system!.content}\n===== user =====\n${user!.content}\n===== not sent: summary =====\n`;
    expect(text.startsWith(sent)).toBe(true);
    const summary = text.slice(sent.length);
    expect(summary).toContain(prompt.hash);
    for (const { name, tokens, kept } of prompt.sections) {
      expect(summary).toMatch(new RegExp(`^${name} +${tokens}  ${kept}$`, 'm'));
    }
  });
});
