import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { workFolder } from './baseline.ts';
import { indexParams } from './builtIndex.ts';
import type { CascadeContext, SanitizedWork, SmallSet } from './cascadeContext.ts';
import type { CodeState } from './codeState.ts';
import { UserError } from './errors.ts';
import { harnessPath } from './native.ts';
import { compileFiles, type RunContext } from './runContext.ts';
import { verifyCandidate } from './verify/verifyCandidate.ts';

/**
 * What the sanitizers say of the reference itself. Where it is reported, a report of a candidate that does the same
 * proves nothing, so that sanitizer is left out and the record says so.
 */
export async function referenceReports(
  run: RunContext,
  state: CodeState,
  small: SmallSet,
  works: readonly SanitizedWork[],
): Promise<CascadeContext['referenceReports']> {
  const { services, signal } = run;
  const { manifest } = state.workspace;
  const reports: Partial<Record<SanitizedWork, string>> = {};
  // Searching and building under one sanitizer take the same library.
  const libraries = new Map<string, Awaited<ReturnType<typeof compileFiles>>>();
  for (const work of works) {
    const sanitizer = work === 'thread-build' ? 'thread' : 'address';
    services.reporter.progress({
      stage: 'sanitize',
      message: `the reference under the ${sanitizer} sanitizer${work === 'address' ? '' : ', building'}`,
    });
    // The harness starts its sibling of that name.
    if (!existsSync(`${harnessPath()}-${sanitizer === 'address' ? 'asan' : 'tsan'}`)) {
      reports[work] = 'the harness was built by a compiler that does not have it';
      continue;
    }
    const kind = sanitizer === 'address' ? 'address,undefined' : 'thread';
    const compiled =
      libraries.get(sanitizer) ??
      (await compileFiles(
        run,
        state.workspace,
        join(run.scratch, `${state.name}-${sanitizer}`),
        new Map(),
        kind,
      ));
    libraries.set(sanitizer, compiled);
    if (!compiled.ok) {
      reports[work] = `it does not compile with it: ${compiled.stderr.slice(0, 500)}`;
      continue;
    }
    const scratch = await workFolder(run, `${state.name}-${work}`);
    const side = { library: compiled.library, params: indexParams(manifest), scratch } as const;
    const { verdict } = await verifyCandidate({
      processes: services.processes,
      harnessPath: harnessPath(),
      small: small.dataset,
      side: work === 'address' ? { ...side, mode: 'import', graph: small.graph } : { ...side, mode: 'build' },
      k: manifest.search.k,
      seed: 1,
      sanitizer,
      signal,
    });
    if (verdict.kind === 'accepted') continue;
    signal.throwIfAborted();
    if (verdict.kind !== 'rejected') {
      throw new UserError(
        'measurement-failed',
        `the reference under the ${sanitizer} sanitizer: ${verdict.kind === 'failed' ? verdict.error : verdict.kind}`,
        'Run `annsmith doctor`; if it finds nothing, try again.',
      );
    }
    const { detail } = verdict;
    services.logger.warn(
      `the ${sanitizer} sanitizer reports the workspace as saved; candidates are not judged by it: ${detail.split('\n')[0]}`,
    );
    reports[work] = detail;
  }
  return reports;
}
