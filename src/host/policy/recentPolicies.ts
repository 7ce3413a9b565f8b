import type { Memento } from 'vscode';
import * as z from 'zod';
import { parsePolicies, policyText } from './spec.ts';

const key = 'annsmith.recentPolicies';
const most = 8;
const schema = z.array(z.string()).catch([]);

/** Policies that were chosen in this workspace, newest first. */
export function recentPolicies(memento: Pick<Memento, 'get'>): readonly string[] {
  return schema.parse(memento.get<unknown>(key));
}

export async function rememberPolicy(
  memento: Pick<Memento, 'get' | 'update'>,
  policy: string,
): Promise<void> {
  const specs = parsePolicies(policy);
  if (specs === undefined) return;
  const text = policyText(specs);
  const others = recentPolicies(memento).filter((other) => other !== text);
  await memento.update(key, [text, ...others].slice(0, most));
}
