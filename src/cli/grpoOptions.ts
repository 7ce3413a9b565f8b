import type { ModuleName } from '../protocol/module.ts';

/** Of `annsmith grpo`, as commander has read them. */
export interface GrpoOptions {
  readonly policy: string;
  readonly rounds?: number;
  readonly offline?: boolean;
  readonly workspace?: string;
  readonly module?: readonly [ModuleName, ...ModuleName[]];
  readonly dataset: readonly string[];
  readonly group: number;
  readonly groups?: number;
  readonly seed: number;
  readonly budget?: number;
  readonly promote?: 'auto' | 'never';
  readonly advantageLimit?: number;
  readonly model?: string;
  readonly adapter?: string;
  readonly out?: string;
  readonly policyVersion: string;
}
