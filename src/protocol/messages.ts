import type * as z from 'zod';

/** A message that arrived, or why it is refused. */
export type Received<T> =
  | { readonly ok: true; readonly message: T }
  | { readonly ok: false; readonly problem: string };

export function received<T>(schema: z.ZodType<T>, message: unknown): Received<T> {
  const parsed = schema.safeParse(message);
  if (parsed.success) return { ok: true, message: parsed.data };
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? 'message' : issue.path.join('.');
  return { ok: false, problem: `${where}: ${issue?.message ?? 'invalid'}`.slice(0, 1000) };
}
