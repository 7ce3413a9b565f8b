import * as z from 'zod';
import { moduleNames } from '../../protocol/module.ts';
import type { CommandTarget } from '../feature.ts';

/** A hunk as CodeLenses name it. */
const hunkTarget = z.object({ uri: z.string(), hunk: z.string() });
export type HunkTarget = z.infer<typeof hunkTarget>;

const lineTarget = z.object({ root: z.string(), file: z.string(), line: z.number() });

/** Rows of a view hand themselves over: a `CommandTarget` with more fields, or with it in `target`. */
const commandTarget = z.object({
  root: z.string().optional(),
  run: z.string().optional(),
  candidate: z.string().optional(),
  module: z.enum(moduleNames).optional(),
});

export function asHunkTarget(argument: unknown): HunkTarget | undefined {
  return hunkTarget.safeParse(argument).data;
}

export function asLineTarget(argument: unknown): z.infer<typeof lineTarget> | undefined {
  return lineTarget.safeParse(argument).data;
}

export function asCommandTarget(argument: unknown): CommandTarget {
  return (commandTarget.safeParse(argument).data ?? {}) as CommandTarget;
}
