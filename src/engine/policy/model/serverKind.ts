import type OpenAI from 'openai';

/**
 * Whether the server is vLLM, which returns token ids to those that ask. Its list of models says so; a server that has
 * no such list, or is slow to give it, is taken for another.
 */
export async function isVllm(transport: OpenAI, signal: AbortSignal): Promise<boolean> {
  try {
    const list: unknown = await transport.get('/models', { signal });
    const { data } = (list ?? {}) as { readonly data?: unknown };
    return (
      Array.isArray(data) &&
      data.some((model) => (model as { readonly owned_by?: unknown } | null)?.owned_by === 'vllm')
    );
  } catch {
    return false;
  }
}
